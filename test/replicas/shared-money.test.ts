import { expect, test } from 'vitest';
import { keyFileEnv } from '../support/key-file.ts';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { endsOf, startReplicas } from '../support/replicas.ts';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { idsOf } from './calls-by-id.ts';

/** A replica learns in its own time what the others have spent. */
const SOON = { timeout: 60_000 };
const TEAM = { name: 'team', key: 'key-of-the-team' };
const headers = { authorization: `Bearer ${TEAM.key}` };

async function start(env: Readonly<Record<string, string>>) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const upstream = stack.use(await startScriptedUpstream(answers));
  const replicas = stack.use(await startReplicas(3, { upstream, store: redis.url, env }));
  return { redis, upstream, replicas, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describeWithRedis('over three replicas', () => {
  test('a daily budget of 20 buys exactly 20', async () => {
    await using stage = await start({ UPSTREAM_DAILY_BUDGET: '20' });
    const { upstream, replicas } = stage;
    const reads = await Promise.all(idsOf('id', 100).map((id, index) => replicas.at(index).read(id)));
    expect(endsOf(reads)).toEqual({ 'a value': 20, BUDGET_EXHAUSTED: 80 });
    expect(upstream.calls).toHaveLength(20);
    for (const replica of replicas) {
      await expect.poll(() => replica.account(), SOON).toMatchObject({ billed: 20, unknown: 0, open: 0 });
      expect((await replica.metrics()).get('kol_gateway_budget_remaining')).toBe(0);
    }
  });

  test('a budget that is used up is so for a replica that starts afterwards', async () => {
    await using stage = await start({ UPSTREAM_DAILY_BUDGET: '2' });
    const { redis, upstream, replicas } = stage;
    for (const id of ['1', '2']) await replicas.at(0).read(id);
    const env = { UPSTREAM_DAILY_BUDGET: '2' };
    await using late = await startReplicas(1, { upstream, store: redis.url, env });
    expect(await late.at(0).read('3')).toEqual({ status: 200, code: 'BUDGET_EXHAUSTED' });
    expect(upstream.calls).toHaveLength(2);
  });

  test("a client's billedPerDay of 7 buys exactly 7", async () => {
    await using stage = await start(keyFileEnv({ ...TEAM, billedPerDay: 7 }));
    const { upstream, replicas } = stage;
    const reads = await Promise.all(idsOf('id', 60).map((id, index) => replicas.at(index).read(id, { headers })));
    expect(endsOf(reads)).toEqual({ 'a value': 7, BUDGET_EXHAUSTED: 53 });
    expect(upstream.calls).toHaveLength(7);
  });

  test("a client's perMinute of 10 lets exactly 10 of 30 requests in", async () => {
    await using stage = await start(keyFileEnv({ ...TEAM, perMinute: 10 }));
    const { upstream, replicas } = stage;
    const reads = await Promise.all(
      Array.from({ length: 30 }, (_, index) => replicas.at(index).read('7', { headers })),
    );
    expect(endsOf(reads)).toEqual({ 'a value': 10, RATE_LIMITED: 20 });
    expect(reads.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(upstream.calls).toHaveLength(1);
  });
});
