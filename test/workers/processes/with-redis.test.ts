import { setTimeout as elapsed } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freshStarOf, idsOf } from '../../replicas/calls-by-id.ts';
import { describeWithRedis, startRedis } from '../../support/redis-server.ts';
import { endsOf } from '../../support/replicas.ts';
import { answers, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { openConnection, startCrowd } from './crowd.ts';

const TWO_WORKERS = { WORKERS: '2' };
const HOUR_MS = 3_600_000;

describeWithRedis('two gateways of two workers each over one Redis', () => {
  test('buy once, and serve a forced answer everywhere', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    const options = { upstream, store: redis.url, env: TWO_WORKERS };
    await using one = await startCrowd(options);
    await using other = await startCrowd(options);
    const crowds = [one, other];
    const reads = await Promise.all(Array.from({ length: 100 }, (_, index) => crowds[index % 2]?.readAnew('7')));
    expect(reads).toEqual(Array(100).fill(expect.objectContaining(freshStarOf('7'))));
    expect(upstream.calls).toHaveLength(1);

    const forced = await one.readAnew('7', { acceptCache: false });
    for (const crowd of crowds) {
      await expect
        .poll(async () => new Set((await crowd.readInTurn('7', 4)).map(({ fetchedAtMs }) => fetchedAtMs)))
        .toEqual(new Set([forced.fetchedAtMs]));
    }
    expect(upstream.calls).toHaveLength(2);
  });

  test('serve a forced answer also where only a worker remembers an older one, and not its owner', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    await using one = await startCrowd({ upstream, store: redis.url, env: TWO_WORKERS });
    const forgetful = { ...TWO_WORKERS, CACHE_MAX_ENTRIES: '1' };
    await using other = await startCrowd({ upstream, store: redis.url, env: forgetful });
    using aWorker = openConnection(other);
    const fetchedAt = async (connection: typeof aWorker, id: string) =>
      /"fetchedAt":"([^"]+)"/.exec(await connection.get(`/graphql?query={kol(id:"${id}"){linkIndex{fetchedAt}}}`))?.[1];
    await fetchedAt(aWorker, '7');
    using connections = new DisposableStack();
    let otherWorker = aWorker;
    while (other.busyWorkers().size < 2) {
      otherWorker = connections.use(openConnection(other));
      await fetchedAt(otherWorker, '8');
      await elapsed(100); // for its log line
    }
    await fetchedAt(aWorker, '7');
    await fetchedAt(otherWorker, '9');
    const forced = await one.readAnew('7', { acceptCache: false });
    await expect.poll(async () => Date.parse((await fetchedAt(aWorker, '7')) ?? '')).toBe(forced.fetchedAtMs);
    expect(upstream.calls).toHaveLength(4);
  });

  test('spend one budget', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    const options = { upstream, store: redis.url, env: { ...TWO_WORKERS, UPSTREAM_DAILY_BUDGET: '20' } };
    await using one = await startCrowd(options);
    await using other = await startCrowd(options);
    const crowds = [one, other];
    const readings = idsOf('id', 100).map((id, index) => (crowds[index % 2] ?? one).readAnew(id));
    expect(endsOf(await Promise.all(readings))).toEqual({ 'a value': 20, BUDGET_EXHAUSTED: 80 });
    expect(upstream.calls).toHaveLength(20);
  });

  test('go by the clock of Redis in every worker', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    const options = { upstream, store: redis.url, env: TWO_WORKERS };
    await using late = await startCrowd({ ...options, clockOffsetMs: 2 * HOUR_MS });
    await expect.poll(() => late.logText()).toContain("this machine's clock differs from the store's");
    await late.readInTurn('7', 10);
    const metrics = await late.metrics();
    // By its own clock every answer would be stale: fetched two hours ago, or bought for the future.
    expect(metrics.get('kol_gateway_link_index_reads_total{result="memory"}')).toBeGreaterThanOrEqual(8);
    expect(upstream.calls).toHaveLength(1);
  });
});
