import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findAbandoned, settleAbandoned } from '../../src/upstream/abandoned-reservations.ts';
import { createMemoryLedger } from '../../src/upstream/memory-ledger.ts';
import { lockStore } from '../support/answer-store-contract.ts';
import {
  BEFORE_MIDNIGHT_MS,
  booked,
  DAY,
  delayed,
  describeLedger,
  leaveReservations,
  NEXT_DAY,
  openLedger,
  openLedgerOnChangingFile,
  reserveAll,
  spend,
  unreadableStore,
} from '../support/ledger-contract.ts';
import { createTestClock } from '../support/test-clock.ts';

const [PATIENCE_MS, RESETTLE_MS] = [50, 1000];

describeLedger('memory', ({ dailyBudget, clock }) => createMemoryLedger({ dailyBudget, clock: clock.nowMs }));
describeLedger('sqlite', ({ dailyBudget, clock }) => openLedger({ dailyBudget, clock }).ledger);

describe('a sqlite ledger', () => {
  test('survives reopening', async () => {
    const { ledger, path } = openLedger({ dailyBudget: 4 });
    for (const billed of ['yes', 'unknown', 'no'] as const) await spend(ledger, billed);
    await reserveAll(ledger, 1);
    const next = openLedger({ path, dailyBudget: 4, name: 'two' }).ledger;
    await next.load();
    expect(next.today()).toEqual({ day: DAY, billed: 1, unknown: 1, open: 1 });
    expect(await reserveAll(next, 3)).toHaveLength(1);
  });

  test('shares its budget with the others on the file', async () => {
    const { ledger, path } = openLedger({ dailyBudget: 10 });
    await ledger.load();
    const other = openLedger({ path, dailyBudget: 10, name: 'two' }).ledger;
    await other.load();
    const [ours, theirs] = await Promise.all([reserveAll(ledger, 20), reserveAll(other, 20)]);
    expect(ours.length + theirs.length).toBe(10);
    for (const reservation of [...ours, ...theirs]) await reservation.settle('no');
    expect(await booked(path)).toEqual({ billed: 0, unknown: 0, open: 0 });
  });

  test('books a call on the day of its reservation', async () => {
    const { ledger, path, clock } = openLedger({ clock: createTestClock(BEFORE_MIDNIGHT_MS) });
    const [reservation] = await reserveAll(ledger, 1);
    clock.advanceMs(100);
    await reservation?.settle('yes');
    expect(await booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
    expect(await booked(path, NEXT_DAY)).toEqual({ billed: 0, unknown: 0, open: 0 });
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
    expect(await booked(path)).toEqual({ billed: 1, unknown: 1, open: 0 });
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
    expect(await booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
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
    expect(await booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
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
    expect(await booked(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
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

  test('keeps the calls of others that were reserved in it', async () => {
    const { ledger, change } = openLedgerOnChangingFile();
    const [ours] = await reserveAll(ledger, 1);
    const other = openLedger({ name: 'two' });
    const [theirs] = await reserveAll(other.ledger, 1);
    change(other.file);
    await ours?.settle('yes');
    await theirs?.settle('yes');
    expect(await booked(other.path)).toMatchObject({ billed: 2 });
  });
});

describe('the reservations of a process that ended', () => {
  test('are found by their process, and by their age where its number lives on', async () => {
    const { questions, clock } = await leaveReservations();
    const pids = async () => (await findAbandoned(questions)).map(({ pid }) => pid);
    expect(await pids()).toEqual([11]);
    clock.advanceMs(60_000);
    expect(await pids()).toEqual([11]);
    clock.advanceMs(1);
    expect(await pids()).toEqual([11, 22]);
  });

  test('are booked as unknown, once, on the day they were made', async () => {
    const { questions, path, clock } = await leaveReservations();
    const later = { ...questions, clock: () => clock.nowMs() + 86_400_000, maxCallMs: Number.POSITIVE_INFINITY };
    const settled = await Promise.all([settleAbandoned(later), settleAbandoned(later)]);
    expect(settled.flat().map(({ pid, day }) => ({ pid, day }))).toContainEqual({ pid: 11, day: DAY });
    expect(await settleAbandoned(later)).toEqual([]);
    expect(await booked(path)).toEqual({ billed: 0, unknown: 1, open: 2 });
    expect(await booked(path, DAY, 'v1 sandbox')).toEqual({ billed: 0, unknown: 0, open: 1 });
  });
});
