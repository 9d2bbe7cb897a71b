import { expect, test } from 'vitest';
import { describeWithRedis } from '../support/redis-server.ts';
import { type Replicas, startReplica, startReplicas, storeErrors } from '../support/replicas.ts';
import { answers, type ScriptedUpstream, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { callsById, freshStarOf, idsOf } from './calls-by-id.ts';
import { REDIS_FAULTS, type RedisFault, startStage } from './redis-faults.ts';

const ENV = { UPSTREAM_TIMEOUT_SECONDS: '2', UPSTREAM_DAILY_BUDGET: '100', REPLICAS: '3' };
const WARM = idsOf('warm', 5);
const ROUNDS = 4;
/** The promise for the median of what a fault adds to a cached read, and a bound for each on a machine that is busy. */
const MEDIAN_ADDED_MS = 50;
const LONGEST_MS = 500;
/** By then all is as before. */
const RECOVERY = { interval: 200 };

const callsFor = (upstream: ScriptedUpstream, id: string) => callsById(upstream).get(id) ?? 0;
const medianOf = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

/** Reads what every replica has in memory. @returns how long each read took, in milliseconds */
async function readCached(replicas: Replicas): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const id of WARM) {
      for (const replica of replicas) {
        const startMs = performance.now();
        expect(await replica.read(id)).toMatchObject(freshStarOf(id));
        times.push(performance.now() - startMs);
      }
    }
  }
  return times;
}

/** Every replica asks at once for what nobody has. @returns what it cost */
async function buyEverywhere(replicas: Replicas, upstream: ScriptedUpstream, id: string): Promise<number> {
  for (const read of await replicas.readEverywhere(id)) expect(read).toMatchObject(freshStarOf(id));
  return callsFor(upstream, id);
}

async function allStoreErrors(replicas: Replicas): Promise<number> {
  const counts = await Promise.all(replicas.all.map(storeErrors));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function expectRecovery(
  replicas: Replicas,
  upstream: ScriptedUpstream,
  bought: readonly string[],
  store: string,
) {
  let tries = 0;
  await expect.poll(() => buyEverywhere(replicas, upstream, `after-${++tries}`), RECOVERY).toBe(1);
  await readCached(replicas);
  await using late = await startReplica({ upstream, store, env: ENV });
  const callsBefore = upstream.calls.length;
  for (const id of bought) {
    const withoutBuying = async () => (await late.read(id, { headers: { prefer: 'dry-run' } })).value;
    await expect.poll(withoutBuying, RECOVERY).toBe(starOf(id));
  }
  expect(upstream.calls).toHaveLength(callsBefore);
}

/** A replica without a memory meets what is wrong in the store: it buys once, and heals it. */
async function expectHealing(upstream: ScriptedUpstream, store: string) {
  const id = WARM[0] ?? '';
  for (let starts = 0; starts < 2; starts += 1) {
    await using late = await startReplica({ upstream, store, env: ENV });
    expect(await late.read(id)).toMatchObject(freshStarOf(id));
    expect(callsFor(upstream, id)).toBe(2);
  }
}

describeWithRedis('while their Redis is', () => {
  test.each(REDIS_FAULTS.map((fault): [string, number, RedisFault] => [fault.name, fault.mostPurchases, fault]))(
    '%s, replicas answer what is cached as fast as ever and buy a new key at most %i times',
    async (_name, mostPurchases, { begin, end, isEarly, isMet, spoils }) => {
      await using stage = await startStage();
      await using upstream = await startScriptedUpstream(answers);
      const store = stage.proxy.url;
      if (isEarly) await begin(stage);
      await using replicas = await startReplicas(3, { upstream, store, env: ENV });
      for (const id of WARM) {
        expect(await buyEverywhere(replicas, upstream, id)).toBeLessThanOrEqual(isEarly ? mostPurchases : 1);
      }
      const usualMs = isEarly ? 0 : medianOf(await readCached(replicas));
      const errorsBefore = isEarly ? 0 : await allStoreErrors(replicas);

      if (!isEarly) await begin(stage);
      const times = await readCached(replicas);
      expect(await Promise.all(replicas.all.map((replica) => replica.readyz()))).toEqual([200, 200, 200]);
      const bought = ['during-0', 'during-1'];
      for (const id of bought) {
        expect(await buyEverywhere(replicas, upstream, id)).toBeLessThanOrEqual(mostPurchases);
      }
      times.push(...(await readCached(replicas)));
      expect(medianOf(times) - usualMs).toBeLessThan(MEDIAN_ADDED_MS);
      expect(Math.max(...times)).toBeLessThan(LONGEST_MS);
      if (spoils) await expectHealing(upstream, store);
      if (isMet) expect(await allStoreErrors(replicas)).toBeGreaterThan(errorsBefore);

      await end(stage);
      await expectRecovery(replicas, upstream, bought, store);
    },
  );

  test('lost to one of three, the two go on together: one purchase on either side', async () => {
    await using stage = await startStage();
    await using upstream = await startScriptedUpstream(answers);
    const options = { upstream, store: stage.redis.url, env: ENV };
    await using replicas = await startReplicas(3, options, (index) => (index === 0 ? { store: stage.proxy.url } : {}));
    for (const id of WARM) expect(await buyEverywhere(replicas, upstream, id)).toBe(1);
    stage.proxy.blackhole();
    await readCached(replicas);
    const bought = ['during-0', 'during-1'];
    for (const id of bought) expect(await buyEverywhere(replicas, upstream, id)).toBe(2);
    stage.proxy.heal();
    await expectRecovery(replicas, upstream, bought, stage.redis.url);
  });
});
