import { describe, expect, test } from 'vitest';
import type { Ledger, Reservation } from '../../../src/upstream/ledger/ledger.ts';
import { createStoredLedger } from '../../../src/upstream/ledger/stored-ledger.ts';
import { settled } from '../../model/held-source.ts';
import { lockStore } from '../../support/answer-store-contract.ts';
import {
  createFaultySpendingStore,
  createMemorySpendingStore,
  type SpendingStoreFault,
} from '../../support/faulty-spending-store.ts';
import {
  BEFORE_MIDNIGHT_MS,
  booked,
  DAY,
  NEXT_DAY,
  openLedger,
  reserveAll,
  spend,
} from '../../support/ledger-contract.ts';
import { createRedisLedgers } from '../../support/redis-ledgers.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { UTC_DAYS, utcDayOf } from '../../support/utc-days.ts';

const [PATIENCE_MS, RETRY_MS, BATCH_SIZE] = [50, 1000, 100];

function setUp(startMs?: number) {
  const clock = createTestClock(startMs);
  const stored = createMemorySpendingStore(() => utcDayOf(clock.nowMs()));
  const spendingStore = createFaultySpendingStore(stored);
  const errors: string[] = [];
  const ledger = createStoredLedger({
    ...{ spendingStore, dailyBudget: undefined, days: UTC_DAYS, clock: clock.nowMs, timers: clock.timers },
    onError: (operation, error) => errors.push(`${operation}: ${(error as Error).message}`),
  });

  /** One after the other. @returns how many calls of the books, and settlements in them, they took */
  async function spendMany(count: number) {
    const before = spendingStore.calls.length;
    for (let call = 0; call < count; call += 1) await spend(ledger);
    const calls = spendingStore.calls.slice(before);
    return { calls: calls.length, settlements: calls.reduce((sum, { settlements }) => sum + settlements.length, 0) };
  }

  /** The settlements that are offered when the store is back, one array for each call. */
  async function offeredAfterReturn() {
    const before = spendingStore.calls.length;
    spendingStore.release();
    clock.advanceMs(RETRY_MS);
    await settled();
    return spendingStore.calls.slice(before).map(({ settlements }) => settlements);
  }

  return { clock, stored, spendingStore, errors, ledger, spendMany, offeredAfterReturn };
}

describe('while the store is unavailable', () => {
  test.each<SpendingStoreFault>(['refuses', 'loses-replies'])(
    'a purchase costs the same after 1,400 others: two calls with one settlement each (%s)',
    async (fault) => {
      const { spendingStore, spendMany } = setUp();
      spendingStore.fault = fault;
      const first = await spendMany(200);
      await spendMany(1200);
      const last = await spendMany(200);
      expect(last).toEqual({ calls: 400, settlements: 400 });
      expect(first.calls).toBeGreaterThanOrEqual(last.calls);
    },
  );

  test('a store that does not answer is waited for once, and is asked nothing more until it does', async () => {
    const { spendingStore, clock, ledger, spendMany, stored } = setUp();
    spendingStore.fault = 'late';
    const reserving = ledger.reserve();
    clock.advanceMs(PATIENCE_MS);
    const settling = (await reserving)?.settle('yes');
    clock.advanceMs(PATIENCE_MS);
    await settling;
    // The clock stands: whoever waited now would do so for ever.
    expect(await spendMany(1400)).toEqual({ calls: 0, settlements: 0 });
    spendingStore.release();
    await settled();
    expect(stored.spendingOn(DAY)).toEqual({ billed: 1401, unknown: 0, open: 0 });
  });

  test('reservations at the same time share one try', async () => {
    const { spendingStore, ledger, spendMany } = setUp();
    spendingStore.fault = 'refuses';
    await spendMany(1);
    const before = spendingStore.calls.length;
    await reserveAll(ledger, 32);
    expect(spendingStore.calls).toHaveLength(before + 1);
  });

  test('it is tried every second when nobody asks for anything', async () => {
    const { spendingStore, clock, spendMany } = setUp();
    spendingStore.fault = 'refuses';
    await spendMany(10);
    const before = spendingStore.calls.length;
    for (let second = 0; second < 5; second += 1) {
      clock.advanceMs(RETRY_MS - 1);
      expect(spendingStore.calls).toHaveLength(before + second);
      clock.advanceMs(1);
      await settled();
      expect(spendingStore.calls).toHaveLength(before + second + 1);
    }
  });

  test('a failure is counted once for each try', async () => {
    const { spendingStore, errors, ledger, spendMany } = setUp();
    spendingStore.fault = 'refuses';
    await spendMany(1);
    errors.length = 0;
    const [first, ...rest] = await reserveAll(ledger, 3);
    expect(errors).toEqual(['settle: refused', ...Array(3).fill('reserve: refused')]);
    errors.length = 0;
    await first?.settle('yes');
    await Promise.all(rest.map((each) => each.settle('yes')));
    expect(errors).toEqual(Array(2).fill('settle: refused'));
  });
});

describe('what waits for the store', () => {
  test('is one sum of all calls that were reserved in memory, beside the reservation that failed first', async () => {
    const { spendingStore, offeredAfterReturn, spendMany, stored } = setUp();
    spendingStore.fault = 'refuses';
    await spendMany(1400);
    expect((await offeredAfterReturn()).map((batch) => batch.map(({ billed }) => billed))).toEqual([[0], [1400]]);
    expect(stored.spendingOn(DAY)).toEqual({ billed: 1400, unknown: 0, open: 0 });
  });

  test('is one sum for each day, booked on the day of the reservations', async () => {
    const { spendingStore, clock, offeredAfterReturn, spendMany, stored } = setUp(BEFORE_MIDNIGHT_MS);
    spendingStore.fault = 'refuses';
    await spendMany(300);
    clock.advanceMs(100);
    await spendMany(200);
    const offered = (await offeredAfterReturn()).flat();
    expect(offered.map(({ billed, day }) => [day, billed])).toEqual([
      [DAY, 0],
      [DAY, 300],
      [NEXT_DAY, 200],
    ]);
    expect(stored.spendingOn(NEXT_DAY)).toMatchObject({ billed: 200 });
  });

  test('keeps the settlement of each call that was reserved in the store; one goes first, and the others in parts', async () => {
    const { spendingStore, ledger, offeredAfterReturn, stored } = setUp();
    const inFlight = await reserveAll(ledger, 250);
    spendingStore.fault = 'refuses';
    await Promise.all(inFlight.map((reservation, index) => reservation.settle(index % 2 === 0 ? 'yes' : 'unknown')));
    const batches = await offeredAfterReturn();
    expect(batches.map(({ length }) => length)).toEqual([1, BATCH_SIZE, BATCH_SIZE, 49]);
    expect(new Set(batches.flat().map(({ id }) => id)).size).toBe(250);
    expect(stored.spendingOn(DAY)).toEqual({ billed: 125, unknown: 125, open: 0 });
  });

  test('has the calls of one day in each part', async () => {
    const { spendingStore, clock, ledger, offeredAfterReturn } = setUp(BEFORE_MIDNIGHT_MS);
    const inFlight = await reserveAll(ledger, 3);
    clock.advanceMs(100);
    inFlight.push(...(await reserveAll(ledger, 2)));
    spendingStore.fault = 'refuses';
    for (const reservation of inFlight) await reservation.settle('yes');
    const batches = await offeredAfterReturn();
    expect(batches.map((batch) => batch.map(({ day }) => day))).toEqual([[DAY], [DAY, DAY], [NEXT_DAY, NEXT_DAY]]);
  });

  test('goes one part after the other, also when calls end meanwhile', async () => {
    const { spendingStore, clock, ledger, stored } = setUp();
    const inFlight = await reserveAll(ledger, 300);
    const [before, meanwhile] = [inFlight.slice(0, 150), inFlight.slice(150)];
    const settleAll = (calls: readonly Reservation[]) => Promise.all(calls.map((each) => each.settle('yes')));
    spendingStore.fault = 'refuses';
    await settleAll(before);
    spendingStore.fault = 'late';
    clock.advanceMs(RETRY_MS);
    const settling = settleAll(meanwhile);
    clock.advanceMs(PATIENCE_MS);
    await settling;
    const sentBefore = spendingStore.calls.length;
    spendingStore.release();
    await settled();
    expect(spendingStore.calls.slice(sentBefore).map(({ settlements }) => settlements.length)).toEqual([100, 100, 99]);
    expect(stored.spendingOn(DAY)).toEqual({ billed: 300, unknown: 0, open: 0 });
  });

  test('is sent again with the same id and the same counts when it may be booked, and what came since with another id', async () => {
    const { spendingStore, ledger, offeredAfterReturn, stored } = setUp();
    spendingStore.fault = 'refuses';
    const inMemory = await reserveAll(ledger, 4);
    await offeredAfterReturn();
    spendingStore.fault = 'loses-replies';
    const before = spendingStore.calls.length;
    for (const reservation of inMemory) await reservation.settle('yes');
    const [sum, ...again] = spendingStore.calls.slice(before).flatMap(({ settlements }) => settlements);
    expect(sum).toMatchObject({ billed: 1 });
    expect(again).toEqual([sum, sum, sum]);
    const [first, second] = await offeredAfterReturn();
    expect(first).toEqual([sum]);
    expect(second).toEqual([{ id: expect.any(String), day: DAY, billed: 3, unknown: 0 }]);
    expect(stored.spendingOn(DAY)).toEqual({ billed: 4, unknown: 0, open: 0 });
  });

  test('is not sent twice while it is on its way', async () => {
    const { spendingStore, clock, ledger } = setUp();
    const [reservation] = await reserveAll(ledger, 1);
    spendingStore.fault = 'refuses';
    await reservation?.settle('yes');
    spendingStore.fault = 'late';
    const before = spendingStore.calls.length;
    for (let second = 0; second < 5; second += 1) {
      clock.advanceMs(RETRY_MS);
      await settled();
    }
    expect(spendingStore.calls).toHaveLength(before + 1);
  });
});

test('when all is booked, calls are reserved in the store again, and nothing waits or is left behind', async () => {
  const { spendingStore, clock, ledger, offeredAfterReturn, spendMany, stored } = setUp();
  spendingStore.fault = 'refuses';
  await spendMany(20);
  await offeredAfterReturn();
  await reserveAll(ledger, 1);
  expect(stored.spendingOn(DAY)).toEqual({ billed: 20, unknown: 0, open: 1 });
  expect(ledger.today()).toEqual({ day: DAY, billed: 20, unknown: 0, open: 1 });
  expect(clock.pending).toBe(0);
});

/** Spends one after the other. @returns how often the store was asked by each fifty */
async function asksOfFifties(ledger: Ledger, asks: () => number): Promise<number[]> {
  const counts: number[] = [];
  for (let fifty = 0; fifty < 6; fifty += 1) {
    const before = asks();
    for (let call = 0; call < 50; call += 1) await spend(ledger);
    counts.push(asks() - before);
  }
  return counts;
}

/** One for its reservation, one for its settlement. */
const TWO_EACH = Array(6).fill(100);

test('a locked SQLite file is asked twice by each purchase, and has booked all of them when it is unlocked', async () => {
  let asks = 0;
  const { clock, ledger, path } = openLedger({
    through: (file) => ({
      ...file,
      call(...given) {
        asks += 1;
        return file.call(...given);
      },
    }),
  });
  await ledger.load();
  const unlock = lockStore(path);
  expect(await asksOfFifties(ledger, () => asks)).toEqual(TWO_EACH);
  unlock();
  clock.advanceMs(RETRY_MS);
  await expect.poll(() => booked(path)).toEqual({ billed: 300, unknown: 0, open: 0 });
});

describeWithRedis('a Redis that is unavailable', () => {
  const redis = useRedis();

  test('is asked twice by each purchase, and has booked all of them when it is back', async () => {
    const { booked: inRedis, open } = createRedisLedgers(redis);
    const { clock, ledger, link } = open();
    let asks = 0;
    const { script } = link;
    link.script = (...given) => {
      asks += 1;
      return script(...given);
    };
    link.fault = 'away';
    expect(await asksOfFifties(ledger, () => asks)).toEqual(TWO_EACH);
    link.fault = 'none';
    clock.advanceMs(RETRY_MS);
    await expect.poll(() => inRedis()).toEqual({ billed: 300, unknown: 0, open: 0 });
  });
});
