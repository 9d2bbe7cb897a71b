import { expect, test } from 'vitest';
import { systemTimers, within } from '../../src/domain/time.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { type Replica, startReplica, startReplicas } from '../support/replicas.ts';
import { answers, held, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { freshStarOf } from './calls-by-id.ts';

/** One attempt's deadline and five seconds: how long the key of a dead process is nobody else's. */
const LEASE_MS = 7000;
const ENV = { UPSTREAM_TIMEOUT_SECONDS: '2' };
/** A replica learns in its own time what the others have spent. */
const SOON = { timeout: 60_000 };
/** For a machine that is busy. */
const MARGIN_MS = 8000;

/** Reads everywhere. Settles when the requests have arrived. */
async function beginReading(replicas: readonly Replica[], id: string) {
  const reading = Promise.all(replicas.map((replica) => replica.read(id)));
  // A test that fails before it asks for the end is to fail with its own reason.
  reading.catch(() => {});
  await Promise.all(replicas.map((replica) => replica.readyz()));
  return { ends: () => within(systemTimers, LEASE_MS + MARGIN_MS, reading) };
}

async function start(...script: Parameters<typeof startScriptedUpstream>) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const upstream = stack.use(await startScriptedUpstream(...script));
  const replicas = stack.use(await startReplicas(3, { upstream, store: redis.url, env: ENV }));
  const [leader, ...others] = replicas.all as [Replica, Replica, Replica];
  return { upstream, replicas, leader, others, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describeWithRedis('a leader that is killed in mid-purchase', () => {
  test('is followed within its lease by one of those who wait, and its call counts as unknown', async () => {
    await using stage = await start(held(), answers);
    const { upstream, leader, others } = stage;
    leader.read('7').catch(() => {});
    await upstream.received(1);
    const waiting = await beginReading(others, '7');
    await leader.kill();
    const reads = await waiting.ends();
    expect(reads).toEqual([expect.objectContaining(freshStarOf('7')), expect.objectContaining(freshStarOf('7'))]);
    expect(upstream.calls).toHaveLength(2);
    for (const survivor of others) {
      await expect.poll(() => survivor.account(), SOON).toMatchObject({ billed: 1, unknown: 1, open: 0 });
    }
  });

  test('is followed also when nobody had waited yet', async () => {
    await using stage = await start(held(), answers);
    const { upstream, leader, others } = stage;
    leader.read('7').catch(() => {});
    await upstream.received(1);
    await leader.kill();
    const reads = await (await beginReading(others, '7')).ends();
    expect(reads).toEqual([expect.objectContaining(freshStarOf('7')), expect.objectContaining(freshStarOf('7'))]);
    expect(upstream.calls).toHaveLength(2);
  });
});

describeWithRedis('a leader that is stopped past its lease', () => {
  test.each([
    ['the upstream has answered', answers],
    ['the upstream has not answered', held()],
  ])('costs one more purchase and no third when it wakes up: %s', async (_, first) => {
    const toldLater = held(first);
    await using stage = await start(toldLater, answers);
    const { upstream, replicas, leader, others } = stage;
    const early = leader.read('7');
    await upstream.received(1);
    leader.pause();
    upstream.release();
    const reads = await (await beginReading(others, '7')).ends();
    expect(reads).toEqual([expect.objectContaining(freshStarOf('7')), expect.objectContaining(freshStarOf('7'))]);
    expect(upstream.calls).toHaveLength(2);

    leader.resume();
    const woken = await early;
    expect(woken.value ?? woken.code).toBeOneOf([starOf('7'), 'UPSTREAM_OUTCOME_UNKNOWN']);
    for (const read of await replicas.readEverywhere('7')) expect(read).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(2);
    const spentAndOpen = async () => {
      const { billed, unknown, open } = await leader.account();
      return { spent: billed + unknown, open };
    };
    await expect.poll(spentAndOpen, SOON).toEqual({ spent: 2, open: 0 });
  });
});

describeWithRedis('a leader that is cut off from Redis when its answer comes', () => {
  test('tells those who wait as soon as it is back, long before its lease ends', async () => {
    await using redis = await startRedis();
    await using proxy = await startFaultProxy(redis.port);
    await using upstream = await startScriptedUpstream(held());
    // The lease is that of a deadline of 60 seconds.
    await using leader = await startReplica({ upstream, store: proxy.url });
    await using other = await startReplica({ upstream, store: redis.url });
    const early = leader.read('7');
    await upstream.received(1);
    const waiting = await beginReading([other], '7');
    proxy.cut();
    upstream.release();
    expect(await early).toMatchObject(freshStarOf('7'));
    proxy.heal();
    expect(await waiting.ends()).toEqual([expect.objectContaining(freshStarOf('7'))]);
    expect(upstream.calls).toHaveLength(1);
  });
});
