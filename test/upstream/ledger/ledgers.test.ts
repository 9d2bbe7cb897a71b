import { writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAbandonedSettling } from '../../../src/stores/sqlite/abandoned-reservations.ts';
import { openSqliteFile } from '../../../src/stores/sqlite/sqlite-file.ts';
import { createSqliteSpendingStore } from '../../../src/stores/sqlite/sqlite-spending.ts';
import { clientScopeOf } from '../../../src/upstream/ledger/ledger.ts';
import { createMemoryLedger } from '../../../src/upstream/ledger/memory-ledger.ts';
import { createStoredLedger } from '../../../src/upstream/ledger/stored-ledger.ts';
import { lockStore } from '../../support/answer-store-contract.ts';
import {
  BEFORE_MIDNIGHT_MS,
  booked,
  DAY,
  delayed,
  describeLedger,
  LEDGER_SCOPE,
  NEXT_DAY,
  openLedger,
  openLedgerOnChangingFile,
  reserveAll,
  spend,
  unreadableStore,
} from '../../support/ledger-contract.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { UTC_DAYS } from '../../support/utc-days.ts';

const [PATIENCE_MS, RESETTLE_MS] = [50, 1000];

describeLedger('memory', ({ clock, ...options }) => createMemoryLedger({ ...options, clock: clock.nowMs }));
describeLedger('sqlite', (options) => openLedger(options).ledger);

describe('a sqlite ledger', () => {
  test('survives reopening', async () => {
    const { file, ledger, path } = openLedger({ dailyBudget: 4 });
    for (const billed of ['yes', 'unknown', 'no'] as const) await spend(ledger, billed);
    await reserveAll(ledger, 1);
    await file.close();
    const next = openLedger({ path, dailyBudget: 4 }).ledger;
    await next.load();
    expect(next.today()).toEqual({ day: DAY, billed: 1, unknown: 1, open: 1 });
    expect(await reserveAll(next, 3)).toHaveLength(1);
  });

  test('books a call on the day of its reservation', async () => {
    const { ledger, path, clock } = openLedger({ clock: createTestClock(BEFORE_MIDNIGHT_MS) });
    const [reservation] = await reserveAll(ledger, 1);
    clock.advanceMs(100);
    await reservation?.settle('yes');
    expect(booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
    expect(booked(path, NEXT_DAY)).toEqual({ billed: 0, unknown: 0, open: 0 });
  });

  test.each([
    ['a second', createTestClock(), 1000],
    ['the rest of its day', createTestClock(BEFORE_MIDNIGHT_MS), 100],
  ])('asks the file again after a refusal when %s is over', async (_, clock, ms) => {
    const { ledger } = openLedger({ dailyBudget: 0, clock });
    await spend(ledger);
    clock.advanceMs(ms - 1);
    expect(ledger.isExhausted()).toBe(true);
    clock.advanceMs(1);
    expect(ledger.isExhausted()).toBe(false);
  });
});

describe('while the file is locked', () => {
  test('counting goes on in memory from the last that is known, and is booked when the file is back', async () => {
    const { ledger, path, clock } = openLedger({ dailyBudget: 4 });
    expect(await spend(ledger)).toBe(true);
    const unlock = lockStore(path);
    expect(await spend(ledger, 'yes')).toBe(true);
    expect(await spend(ledger, 'unknown')).toBe(true);
    const [open] = await reserveAll(ledger, 2);
    expect(ledger.today()).toEqual({ day: DAY, billed: 2, unknown: 1, open: 1 });
    unlock();
    expect(await spend(ledger)).toBe(false);
    await open?.settle('yes');
    await expect
      .poll(() => {
        clock.advanceMs(RESETTLE_MS);
        return booked(path);
      })
      .toEqual({ billed: 3, unknown: 1, open: 0 });
    expect(await reserveAll(ledger, 1)).toEqual([]);
    expect(ledger.today()).toEqual({ day: DAY, billed: 3, unknown: 1, open: 0 });
  });

  test('a call reserved in the file stays open in it, and is settled when the file is back', async () => {
    const { ledger, path, clock } = openLedger({ dailyBudget: 1 });
    const [reservation] = await reserveAll(ledger, 1);
    const unlock = lockStore(path);
    await reservation?.settle('yes');
    expect(await reserveAll(ledger, 1)).toEqual([]);
    unlock();
    await expect
      .poll(() => {
        clock.advanceMs(RESETTLE_MS);
        return booked(path);
      })
      .toEqual({ billed: 1, unknown: 0, open: 0 });
  });

  test('closing books what is left', async () => {
    const { ledger, path } = openLedger();
    const [inFile] = await reserveAll(ledger, 1);
    const unlock = lockStore(path);
    await inFile?.settle('yes');
    await spend(ledger, 'unknown');
    unlock();
    await ledger.close();
    expect(booked(path)).toEqual({ billed: 1, unknown: 1, open: 0 });
  });
});

describe('a file that is unreadable at the start', () => {
  test('buys nothing with a budget', async () => {
    const { ledger } = openLedger({ path: unreadableStore(), dailyBudget: 100 });
    await expect(ledger.load()).rejects.toThrow('not a database');
    expect(await reserveAll(ledger, 3)).toEqual([]);
    expect(ledger.isExhausted()).toBe(true);
  });

  test('holds nobody up without a budget, and gets what was counted', async () => {
    const path = unreadableStore();
    const { ledger } = openLedger({ path });
    await expect(ledger.load()).rejects.toThrow();
    expect(await spend(ledger)).toBe(true);
    expect(ledger.today()).toEqual({ day: DAY, billed: 1, unknown: 0, open: 0 });
    writeFileSync(path, '');
    await ledger.close();
    expect(booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
  });

  test('is asked again: with a good file in its place the budget buys', async () => {
    const path = unreadableStore();
    const { ledger } = openLedger({ path, dailyBudget: 1 });
    expect(await spend(ledger)).toBe(false);
    writeFileSync(path, '');
    expect(await spend(ledger)).toBe(true);
    expect(await spend(ledger)).toBe(false);
  });
});

describe('a file that is slow', () => {
  test('holds up no call by more than 50 ms, and what it reserves too late is given back', async () => {
    const gate = Promise.withResolvers<void>();
    let isSlow = false;
    const through = delayed(async () => (isSlow ? gate.promise : undefined));
    const { ledger, path, clock } = openLedger({ dailyBudget: 5, through });
    await ledger.load();
    isSlow = true;
    const reserved = ledger.reserve();
    clock.advanceMs(PATIENCE_MS);
    const reservation = await reserved;
    expect(ledger.today()).toMatchObject({ open: 1 });
    isSlow = false;
    gate.resolve();
    await ledger.load();
    await expect.poll(() => booked(path)).toEqual({ billed: 0, unknown: 0, open: 0 });
    await reservation?.settle('yes');
    await ledger.close();
    expect(booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
  });

  test('is told once how a call ended, though it answers late', async () => {
    const gate = Promise.withResolvers<void>();
    const through = delayed(async (name) => (name === 'settle' ? gate.promise : undefined));
    const { ledger, path, clock } = openLedger({ through });
    const [reservation] = await reserveAll(ledger, 1);
    const settled = reservation?.settle('yes');
    for (const ms of [PATIENCE_MS, RESETTLE_MS, RESETTLE_MS]) clock.advanceMs(ms);
    await settled;
    gate.resolve();
    await ledger.close();
    expect(booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
  });

  test('what it has not yet booked is still counted', async () => {
    let isSlow = false;
    const through = delayed(async () => (isSlow ? new Promise(() => {}) : undefined));
    const { ledger, clock } = openLedger({ dailyBudget: 1, through });
    await ledger.load();
    isSlow = true;
    const first = ledger.reserve();
    clock.advanceMs(PATIENCE_MS);
    const reservation = await first;
    reservation?.settle('yes');
    const second = ledger.reserve();
    clock.advanceMs(PATIENCE_MS);
    expect(await second).toBeUndefined();
  });

  test('a burst that it refuses in part does not overshoot', async () => {
    let refusals = 5;
    const through = delayed(async (name) => {
      if (name === 'reserve' && refusals-- > 0) throw new Error('database is locked');
    });
    const { ledger } = openLedger({ dailyBudget: 5, through });
    await ledger.load();
    expect(await reserveAll(ledger, 20)).toHaveLength(5);
  });
});

describe('a file that was deleted and made anew', () => {
  test('does not give the budget of the day anew', async () => {
    const { ledger, change } = openLedgerOnChangingFile(1);
    expect(await spend(ledger)).toBe(true);
    change(openLedger().file);
    expect(await spend(ledger)).toBe(false);
  });

  test('does not forget the calls in flight', async () => {
    const { ledger, change } = openLedgerOnChangingFile(1);
    expect(await reserveAll(ledger, 1)).toHaveLength(1);
    change(openLedger().file);
    expect(await reserveAll(ledger, 1)).toEqual([]);
  });
});

describe('the reservations of a process that ended', () => {
  const CLIENT_SCOPE = clientScopeOf(LEDGER_SCOPE, 'web');
  const OTHER_SCOPE = 'v1 sandbox';

  /** One of the account, one of its client, and one of another account, in a file that nobody has. */
  async function leaveReservations() {
    const { clock, file, path } = openLedger();
    for (const scope of [LEDGER_SCOPE, CLIENT_SCOPE, OTHER_SCOPE])
      await file.call('reserve', { scope, day: DAY, atMs: clock.nowMs(), budget: null });
    await file.close();
    return { path, atMs: clock.nowMs() };
  }

  function openNext(path: string) {
    const told: object[] = [];
    const file = openSqliteFile(path, 2);
    onTestFinished(() => file.close());
    const settleAbandoned = createAbandonedSettling(file, (reservation) => told.push(reservation));
    const clock = createTestClock(BEFORE_MIDNIGHT_MS + 86_400_000);
    const spendingStore = createSqliteSpendingStore({ file, scope: LEDGER_SCOPE, settleAbandoned, clock: clock.nowMs });
    const ledger = createStoredLedger({
      ...{ spendingStore, dailyBudget: undefined, days: UTC_DAYS },
      ...{ clock: clock.nowMs, timers: clock.timers },
    });
    return { ledger, settleAbandoned, told };
  }

  test('are booked as unknown on the day they were made, whosever they are, and each call is told of once', async () => {
    const { path, atMs } = await leaveReservations();
    const { settleAbandoned, told } = openNext(path);
    await Promise.all([settleAbandoned(), settleAbandoned()]);
    for (const scope of [LEDGER_SCOPE, CLIENT_SCOPE, OTHER_SCOPE])
      expect(booked(path, DAY, scope)).toEqual({ billed: 0, unknown: 1, open: 0 });
    expect(told).toEqual([LEDGER_SCOPE, OTHER_SCOPE].map((scope) => ({ scope, day: DAY, atMs })));
  });

  test('are booked before the first reservation of the next one, whose own are left alone', async () => {
    const { path } = await leaveReservations();
    const { ledger, settleAbandoned } = openNext(path);
    await reserveAll(ledger, 2);
    await settleAbandoned();
    expect(booked(path)).toEqual({ billed: 0, unknown: 1, open: 0 });
    expect(booked(path, NEXT_DAY)).toEqual({ billed: 0, unknown: 0, open: 2 });
  });

  test('are booked when the file can be written to again, and are no reason to reserve in it before', async () => {
    const { path } = await leaveReservations();
    const { ledger, settleAbandoned, told } = openNext(path);
    const unlock = lockStore(path);
    await expect(settleAbandoned()).rejects.toThrow('database is locked');
    const [reservation] = await reserveAll(ledger, 1);
    expect(told).toEqual([]);
    unlock();
    await reserveAll(ledger, 1);
    expect(booked(path)).toEqual({ billed: 0, unknown: 1, open: 0 });
    await reservation?.settle('yes');
    expect(ledger.today()).toMatchObject({ billed: 1, unknown: 0, open: 1 });
  });
});
