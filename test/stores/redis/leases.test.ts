import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HeldLease, LeaseOfAnother } from '../../../src/cache/flights.ts';
import type { RedisKeys } from '../../../src/stores/redis/keys.ts';
import { createRedisLeases, type FlightUpdate } from '../../../src/stores/redis/leases.ts';
import { settled } from '../../model/held-source.ts';
import { answerAt, outcomeOf, wordOf } from '../../model/paid-outcomes.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock } from '../../support/test-clock.ts';

const [LEASE_MS, LOOK_MS, PATIENCE_MS] = [60_000, 500, 50];
const ANSWER = answerAt(1000, 42);

describeWithRedis('leases', () => {
  const redis = useRedis();

  /** Replicas that share leases; they hear of each other only when the test says so. */
  function openReplicas(count: number, { keys = redis.newKeys(), isRemembered = true } = {}) {
    const clock = createTestClock();
    const replicas = Array.from({ length: count }, (_, index) => {
      const link = redis.newLink();
      const [abandoned, bought, errors]: [string[], string[], string[]] = [[], [], []];
      const leases = createRedisLeases({
        ...{ link, keys, owner: `replica-${index}`, leaseMs: LEASE_MS, timers: clock.timers, clockOffsetMs: () => 0 },
        abandon: async (flight) => abandoned.push(flight),
        isRemembered: () => isRemembered,
        onBought: (cacheKey, outcome) => bought.push(`${cacheKey} ${wordOf(outcome)}`),
        onError: (_operation, error) => errors.push((error as Error).message),
      });
      return { link, leases, abandoned, bought, errors };
    });
    return {
      clock,
      keys,
      replicas,
      at: (index: number) => replicas[index] as (typeof replicas)[0],
      storedUnder: (cacheKey: string) => redis.ask('GET', keys.lease(cacheKey)),
      /** From now on everybody hears what is told. */
      async connect() {
        const listening = (redis.client as Redis).duplicate();
        onTestFinished(() => listening.disconnect());
        await once(listening, 'ready');
        await listening.subscribe(keys.updates);
        listening.on('message', (_channel, message) => {
          for (const { leases } of replicas) leases.onMessage(JSON.parse(message) as FlightUpdate);
        });
      },
      /** Everybody who waits looks once. */
      async look() {
        clock.advanceMs(LOOK_MS);
        await redis.ask('PING');
        await settled();
      },
    };
  }

  type Replicas = ReturnType<typeof openReplicas>;

  /** All ask at once. */
  async function acquireAll({ replicas }: Replicas, isForced = false, dead?: string) {
    const all = await Promise.all(replicas.map(({ leases }) => leases.acquire('7', isForced, dead)));
    return {
      held: all.filter((lease): lease is HeldLease => lease.kind === 'held'),
      waiting: all.filter((lease): lease is LeaseOfAnother => lease.kind === 'of-another'),
    };
  }

  /** The first replica holds the lease, and all others wait. */
  async function setUpHeld(count = 2, isForced = false) {
    const all = openReplicas(count);
    const held = (await all.at(0).leases.acquire('7', isForced)) as HeldLease;
    const waiting = await Promise.all(
      all.replicas.slice(1).map(({ leases }) => leases.acquire('7', isForced) as Promise<LeaseOfAnother>),
    );
    return { ...all, held, waiting };
  }

  describe('are for one at a time', () => {
    test.each([2, 3])('one of %i gets it, and the others get by a message what it brought', async (count) => {
      const all = openReplicas(count);
      await all.connect();
      const { held, waiting } = await acquireAll(all);
      expect([held.length, waiting.length]).toEqual([1, count - 1]);
      expect(new Set(waiting.map(({ token }) => token))).toEqual(new Set([held[0]?.token]));
      await held[0]?.end(ANSWER);
      expect(await Promise.all(waiting.map(({ outcome }) => outcome))).toEqual(waiting.map(() => ANSWER));
      await expect.poll(() => all.replicas.map(({ bought }) => bought)).toEqual(all.replicas.map(() => ['7 FRESH']));
    });

    test('they get it also when every message is lost, by looking', async () => {
      const { held, look, waiting } = await setUpHeld(3);
      const ends: string[] = [];
      for (const { outcome } of waiting) outcome.then((each) => ends.push(wordOf(each)));
      await look();
      expect(ends).toEqual([]);
      await held.end(ANSWER);
      await look();
      expect(ends).toEqual(['FRESH', 'FRESH']);
    });

    test.each([201, 301, 'outcome-unknown'] as const)('what failed is told as well: %s', async (reply) => {
      const { at, connect, held, waiting } = await setUpHeld();
      await connect();
      await held.end(outcomeOf(reply, 1000));
      expect(wordOf(await waiting[0]?.outcome)).toBe(wordOf(outcomeOf(reply, 1000)));
      expect(at(1).bought).toEqual(reply === 201 ? ['7 no-data'] : []);
    });

    test('keys are apart', async () => {
      const { at } = await setUpHeld();
      expect((await at(1).leases.acquire('8', false)).kind).toBe('held');
    });

    test.each([true, false])('whoever waits knows whether the flight is forced: %s', async (isForced) => {
      const { held, waiting } = await setUpHeld(2, isForced);
      expect(waiting[0]).toMatchObject({ isForced, token: held.token });
    });
  });

  describe('that end without a word', () => {
    test('are free at once, and those who wait know it by message', async () => {
      const { at, connect, held, storedUnder, waiting } = await setUpHeld(3);
      await connect();
      await held.end(undefined);
      for (const { outcome } of waiting) expect(await outcome).toBeUndefined();
      expect(await storedUnder('7')).toBeNull();
      expect(at(1).bought).toEqual([]);
    });

    test('or by looking', async () => {
      const { held, look, waiting } = await setUpHeld();
      await held.end(undefined);
      await look();
      expect(await waiting[0]?.outcome).toBeUndefined();
    });

    test('because their holder died go to exactly one of those who wait, who books what it may have cost', async () => {
      const { at, held, keys, look, replicas, waiting } = await setUpHeld(3);
      await redis.ask('DEL', keys.lease('7'));
      await look();
      for (const { outcome } of waiting) expect(await outcome).toBeUndefined();
      const next = await Promise.all([1, 2].map((index) => at(index).leases.acquire('7', false, held.token)));
      const winner = next.findIndex(({ kind }) => kind === 'held') + 1;
      expect(next.map(({ kind }) => kind).sort()).toEqual(['held', 'of-another']);
      expect(replicas.map(({ abandoned }) => abandoned)).toEqual(
        [0, 1, 2].map((index) => (index === winner ? [held.token] : [])),
      );
    });

    test('and were taken by another flight meanwhile end the wait all the same', async () => {
      const { at, held, look, waiting } = await setUpHeld(3);
      await held.end(ANSWER);
      await at(2).leases.acquire('7', false);
      await look();
      expect(await waiting[0]?.outcome).toBeUndefined();
    });

    test('leave the dead alone where nobody waited for one', async () => {
      const { at } = await setUpHeld();
      await at(1).leases.acquire('8', false);
      expect(at(1).abandoned).toEqual([]);
    });
  });

  describe('last', () => {
    const ttlMs = async (keys: RedisKeys) => Number(await redis.ask('PTTL', keys.lease('7')));

    test('as long as they are asked to, and by each attempt as long again', async () => {
      const { held, keys } = await setUpHeld();
      expect(await ttlMs(keys)).toBeLessThanOrEqual(LEASE_MS);
      await redis.ask('PEXPIRE', keys.lease('7'), 10_000);
      expect(await held.extend()).toBe(true);
      expect(await ttlMs(keys)).toBeGreaterThan(10_000);
    });

    test('also while the call waits for its turn, three times as often as needed', async () => {
      const { clock, keys } = await setUpHeld();
      for (let time = 0; time < 3; time += 1) {
        await redis.ask('PEXPIRE', keys.lease('7'), 10_000);
        clock.advanceMs(LEASE_MS / 3);
        await expect.poll(() => ttlMs(keys)).toBeGreaterThan(10_000);
      }
    });

    test('no longer than the flight', async () => {
      const { clock, held, storedUnder } = await setUpHeld(1);
      await held.end(undefined);
      expect(clock.pending).toBe(0);
      expect(await storedUnder('7')).toBeNull();
    });

    test('what is kept of a flight that ended goes by itself', async () => {
      const { held, keys } = await setUpHeld();
      await held.end(ANSWER);
      expect(await ttlMs(keys)).toBeGreaterThan(0);
      expect(await ttlMs(keys)).toBeLessThanOrEqual(10_000);
    });

    test('not when another replica has it by now, and then its end ends nothing', async () => {
      const { at, held, keys, storedUnder } = await setUpHeld();
      await redis.ask('DEL', keys.lease('7'));
      const next = (await at(1).leases.acquire('7', false)) as HeldLease;
      expect(await held.extend()).toBe(false);
      await held.end(ANSWER);
      expect(await storedUnder('7')).toBe(`${next.token} unforced`);
      expect(await next.extend()).toBe(true);
    });

    test('again when Redis has forgotten them', async () => {
      const { held, storedUnder } = await setUpHeld();
      await redis.ask('FLUSHALL');
      expect(await held.extend()).toBe(true);
      expect(await storedUnder('7')).toBe(`${held.token} unforced`);
    });

    test('as far as anybody can tell while Redis is unavailable', async () => {
      const { at, clock, held } = await setUpHeld();
      at(0).link.fault = 'away';
      expect(await held.extend()).toBe(true);
      at(0).link.fault = 'none';
      at(0).link.hold();
      const extending = held.extend();
      clock.advanceMs(PATIENCE_MS);
      expect(await extending).toBe(true);
      await at(0).link.release();
    });
  });

  describe('while Redis is unavailable or late', () => {
    test('nobody can tell who buys, and it is said', async () => {
      const { at } = openReplicas(1);
      at(0).link.fault = 'away';
      await expect(at(0).leases.acquire('7', false)).rejects.toThrow('unavailable');
      expect(at(0).errors).toEqual(['Redis is unavailable']);
    });

    test('a lease that is granted after 50 ms is given back', async () => {
      const { at, clock, storedUnder } = openReplicas(2);
      at(0).link.hold();
      const acquiring = at(0).leases.acquire('7', false);
      acquiring.catch(() => {});
      await expect.poll(() => storedUnder('7')).not.toBeNull();
      clock.advanceMs(PATIENCE_MS);
      await expect(acquiring).rejects.toThrow('no answer within 50 ms');
      await at(0).link.release();
      await expect.poll(() => storedUnder('7')).toBeNull();
      expect(clock.pending).toBe(0);
    });

    test('a wait ends after four looks in vain', async () => {
      const { at, look, waiting } = await setUpHeld();
      let isOver = false;
      waiting[0]?.outcome.then(() => {
        isOver = true;
      });
      at(1).link.fault = 'away';
      for (let time = 0; time < 3; time += 1) await look();
      expect(isOver).toBe(false);
      await look();
      expect(isOver).toBe(true);
    });

    test('an end is told again every half second, until it is taken', async () => {
      const { at, clock, held, look, waiting } = await setUpHeld();
      at(0).link.fault = 'away';
      await held.end(ANSWER);
      for (let time = 0; time < 2; time += 1) await look();
      expect(at(0).errors).toEqual(['Redis is unavailable']);
      at(0).link.fault = 'none';
      await look();
      await look();
      expect(await waiting[0]?.outcome).toEqual(ANSWER);
      await look();
      expect(clock.pending).toBe(0);
    });

    test('many ends that were not taken are one try each half second; then the others follow, in parts', async () => {
      const { at, clock, look, storedUnder } = openReplicas(1);
      const { leases, link } = at(0);
      const held = await Promise.all(
        Array.from({ length: 250 }, (_, key) => leases.acquire(String(key), false) as Promise<HeldLease>),
      );
      let [sent, underWay, mostUnderWay] = [0, 0, 0];
      const { script } = link;
      link.script = (...given) => {
        sent += 1;
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        return script(...given).finally(() => {
          underWay -= 1;
        });
      };
      link.fault = 'away';
      await Promise.all(held.map((each) => each.end(undefined)));
      expect(sent).toBe(250);
      for (let time = 1; time <= 10; time += 1) {
        await look();
        expect(sent).toBe(250 + time);
      }
      link.fault = 'none';
      mostUnderWay = 0;
      await look();
      await expect.poll(() => storedUnder('249')).toBeNull();
      await expect.poll(() => clock.pending).toBe(0);
      expect({ sent, mostUnderWay }).toEqual({ sent: 260 + 250, mostUnderWay: 100 });
    });

    test('an end is not told for longer than the lease would have lasted', async () => {
      const { at, clock, held, look } = await setUpHeld(1);
      at(0).link.fault = 'away';
      await held.end(undefined);
      for (let time = 0; time <= LEASE_MS / 500; time += 1) await look();
      expect(clock.pending).toBe(0);
    });

    test('who stops ends his waits at once, and neither takes a lease nor waits for another any more', async () => {
      const { at, storedUnder, waiting } = await setUpHeld();
      at(1).leases.stop();
      expect(await waiting[0]?.outcome).toBeUndefined();
      for (const key of ['7', '8']) await expect(at(1).leases.acquire(key, false)).rejects.toThrow('stopping');
      expect(await storedUnder('8')).toBeNull();
    });

    test('who stops still ends the flights of his own, and tells of them', async () => {
      const { at, connect, held, waiting } = await setUpHeld();
      await connect();
      at(0).leases.stop();
      expect(await held.extend()).toBe(true);
      await held.end(ANSWER);
      expect(await waiting[0]?.outcome).toEqual(ANSWER);
    });
  });

  test('what is told is of no use to who neither waits for it nor remembers the key', async () => {
    const all = openReplicas(2, { isRemembered: false });
    await all.connect();
    const held = (await all.at(0).leases.acquire('7', false)) as HeldLease;
    const waiting = (await all.at(1).leases.acquire('7', false)) as LeaseOfAnother;
    await held.end(ANSWER);
    expect(await waiting.outcome).toEqual(ANSWER);
    expect(all.replicas.map(({ bought }) => bought)).toEqual([[], ['7 FRESH']]);
  });

  test('what is told in another form is an end without a word', async () => {
    const { at, held, waiting } = await setUpHeld();
    at(1).leases.onMessage(['flight', '7', held.token, 'k9 1000 checksum []']);
    expect(await waiting[0]?.outcome).toBeUndefined();
    expect(at(1).bought).toEqual([]);
  });
});
