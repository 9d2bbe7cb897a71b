import { expect, test } from 'vitest';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { startReplicas } from '../support/replicas.ts';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { callsById, freshStarOf, idsOf } from './calls-by-id.ts';

const HOUR_MS = 3_600_000;
/** Far below the hour, and far beyond what the test takes. */
const TOLERANCE_MS = 120_000;
const WRONG = 1;
const OFFSET = 'kol_gateway_clock_offset_seconds';
const WARNING = "this machine's clock differs from the store's";

describeWithRedis('a replica whose clock is an hour off', () => {
  test.each([
    ['ahead', HOUR_MS],
    ['behind', -HOUR_MS],
  ])('%s, neither buys what is fresh nor sells it as old', async (_, clockOffsetMs) => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    const options = { upstream, store: redis.url, env: { CACHE_FRESH_SECONDS: '600', UPSTREAM_DAILY_BUDGET: '100' } };
    await using replicas = await startReplicas(3, options, (index) => (index === WRONG ? { clockOffsetMs } : {}));
    const ids = idsOf('clock', 6);
    for (const [index, id] of ids.entries()) {
      expect(await replicas.at(index).read(id)).toMatchObject(freshStarOf(id));
    }
    for (const id of ids) {
      for (const read of await replicas.readEverywhere(id)) {
        expect(read).toMatchObject(freshStarOf(id));
      }
      // Each tells the time by its own clock.
      for (const [index, replica] of replicas.all.entries()) {
        const nowMs = Date.now() + (index === WRONG ? clockOffsetMs : 0);
        const { fetchedAtMs = 0 } = await replica.read(id);
        expect(Math.abs(fetchedAtMs - nowMs)).toBeLessThan(TOLERANCE_MS);
      }
    }
    expect(callsById(upstream)).toEqual(new Map(ids.map((id) => [id, 1])));

    const offsets = await Promise.all(
      replicas.all.map(async (each) => (await each.metrics()).get(OFFSET) ?? Number.NaN),
    );
    expect(offsets.map((seconds) => Math.round((seconds * 1000) / TOLERANCE_MS) * TOLERANCE_MS + 0)).toEqual([
      0,
      -clockOffsetMs,
      0,
    ]);
    const warned = replicas.all.map((each) => each.logText().includes(WARNING));
    expect(warned).toEqual([false, true, false]);
    expect(replicas.at(WRONG).logText().split(WARNING)).toHaveLength(2);
  });

  test('ahead, shares one purchase with those that ask at the same time', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    const options = { upstream, store: redis.url };
    await using replicas = await startReplicas(3, options, (index) =>
      index === WRONG ? { clockOffsetMs: HOUR_MS } : {},
    );
    for (const id of idsOf('together', 10)) {
      for (const read of await replicas.readEverywhere(id)) expect(read).toMatchObject(freshStarOf(id));
    }
    expect(upstream.calls).toHaveLength(10);
  });
});
