import { writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Billed } from '../../src/domain/verdicts.ts';
import { daysIn, type ZoneDays } from '../../src/domain/zone-days.ts';
import { openForReading } from '../../src/stores/sqlite/database.ts';
import { prepareSpending } from '../../src/stores/sqlite/spending.ts';
import { openSqliteFile, type SqliteFile } from '../../src/stores/sqlite/sqlite-file.ts';
import { createSqliteSpendingStore } from '../../src/stores/sqlite/sqlite-spending.ts';
import type { OperationName } from '../../src/stores/sqlite/worker.ts';
import type { Ledger, Reservation } from '../../src/upstream/ledger/ledger.ts';
import { createStoredLedger } from '../../src/upstream/ledger/stored-ledger.ts';
import { temporaryStorePath } from './answer-store-contract.ts';
import { createTestClock, type TestClock } from './test-clock.ts';
import { UTC_DAYS } from './utc-days.ts';

/** The last tenth of a second of a UTC day. */
export const BEFORE_MIDNIGHT_MS = Date.UTC(2026, 0, 2, 23, 59, 59, 900);
export const DAY = '2026-01-02';
export const NEXT_DAY = '2026-01-03';
export const LEDGER_SCOPE = 'v1 https://upstream.example';

export interface LedgerUnderTest {
  readonly dailyBudget: number | undefined;
  readonly days: ZoneDays;
  readonly clock: TestClock;
}

/** Reserves as many as asked for at the same time. @returns those that were granted */
export async function reserveAll(ledger: Ledger, count: number): Promise<Reservation[]> {
  const reservations = await Promise.all(Array.from({ length: count }, () => ledger.reserve()));
  return reservations.filter((reservation) => reservation !== undefined);
}

/** One call from its reservation to its end. @returns whether the ledger allowed it */
export async function spend(ledger: Ledger, billed: Billed = 'yes'): Promise<boolean> {
  const reservation = await ledger.reserve();
  await reservation?.settle(billed);
  return reservation !== undefined;
}

/** What every Ledger holds to. */
export function describeLedger(name: string, open: (options: LedgerUnderTest) => Ledger | Promise<Ledger>): void {
  async function start(
    dailyBudget: number | undefined,
    clock = createTestClock(BEFORE_MIDNIGHT_MS),
    days: ZoneDays = UTC_DAYS,
  ) {
    const ledger = await open({ dailyBudget, days, clock });
    onTestFinished(() => ledger.close());
    return { ledger, clock };
  }

  describe(`${name} as a ledger`, () => {
    test('nothing is spent at the start', async () => {
      const { ledger } = await start(5);
      expect(ledger.today()).toEqual({ day: DAY, billed: 0, unknown: 0, open: 0 });
      expect(ledger.isExhausted()).toBe(false);
    });

    test.each([
      ['yes', { billed: 1, unknown: 0, open: 0 }],
      ['unknown', { billed: 0, unknown: 1, open: 0 }],
      ['no', { billed: 0, unknown: 0, open: 0 }],
    ] as const)('a call is open until it is settled, and "%s" is booked', async (billed, expected) => {
      const { ledger } = await start(undefined);
      const [reservation] = await reserveAll(ledger, 1);
      expect(ledger.today()).toEqual({ day: DAY, billed: 0, unknown: 0, open: 1 });
      await reservation?.settle(billed);
      expect(ledger.today()).toEqual({ day: DAY, ...expected });
    });

    test('without a budget everything is granted, and counted', async () => {
      const { ledger } = await start(undefined);
      expect(await reserveAll(ledger, 100)).toHaveLength(100);
      expect(ledger.today()).toMatchObject({ open: 100 });
      expect(ledger.isExhausted()).toBe(false);
    });

    test('a budget of 0 buys nothing', async () => {
      const { ledger } = await start(0);
      expect(await reserveAll(ledger, 3)).toEqual([]);
      expect(ledger.isExhausted()).toBe(true);
    });

    test('a burst does not overshoot', async () => {
      const { ledger } = await start(10);
      const reservations = await reserveAll(ledger, 100);
      expect(reservations).toHaveLength(10);
      expect(ledger.today()).toMatchObject({ open: 10 });
      await Promise.all(reservations.map((reservation) => reservation.settle('yes')));
      expect(await reserveAll(ledger, 100)).toEqual([]);
      expect(ledger.today()).toMatchObject({ billed: 10, open: 0 });
    });

    test('what may have been billed counts as spent', async () => {
      const { ledger } = await start(2);
      expect(await spend(ledger, 'unknown')).toBe(true);
      expect(await spend(ledger, 'yes')).toBe(true);
      expect(await spend(ledger)).toBe(false);
      expect(ledger.isExhausted()).toBe(true);
    });

    test('what was not billed is given back', async () => {
      const { ledger } = await start(1);
      for (let call = 0; call < 3; call += 1) expect(await spend(ledger, 'no')).toBe(true);
      const [last] = await reserveAll(ledger, 1);
      expect(await reserveAll(ledger, 1)).toEqual([]);
      await last?.settle('no');
      expect(await spend(ledger)).toBe(true);
    });

    test('a UTC day begins with nothing spent', async () => {
      const { ledger, clock } = await start(1);
      expect(await spend(ledger)).toBe(true);
      expect(await spend(ledger)).toBe(false);
      clock.advanceMs(99);
      expect(await spend(ledger)).toBe(false);
      clock.advanceMs(1);
      expect(ledger.today()).toEqual({ day: NEXT_DAY, billed: 0, unknown: 0, open: 0 });
      expect(await spend(ledger)).toBe(true);
      expect(await spend(ledger)).toBe(false);
    });

    test.each([
      ['Asia/Shanghai', 'ahead of UTC', '2026-01-02T15:59:59.900Z', '2026-01-03', 24],
      ['Pacific/Kiritimati', 'the furthest ahead', '2026-01-02T09:59:59.900Z', '2026-01-03', 24],
      ['Etc/GMT+12', 'the furthest behind', '2026-01-02T11:59:59.900Z', '2026-01-02', 24],
      ['Asia/Kolkata', 'of a half hour', '2026-01-02T18:29:59.900Z', '2026-01-03', 24],
      ['America/New_York', 'before a day of 23 hours', '2026-03-08T04:59:59.900Z', '2026-03-08', 23],
      ['America/New_York', 'before a day of 25 hours', '2026-11-01T03:59:59.900Z', '2026-11-01', 25],
      ['America/Sao_Paulo', 'before a day without midnight', '2018-11-04T02:59:59.900Z', '2018-11-04', 23],
      ['Pacific/Apia', 'before a date that is skipped', '2011-12-30T09:59:59.900Z', '2011-12-31', 24],
    ])('a day of %s (%s) begins with nothing spent', async (timeZone, _, before, next, hours) => {
      const { ledger, clock } = await start(1, createTestClock(Date.parse(before)), daysIn(timeZone));
      const late = await ledger.reserve();
      expect(await spend(ledger)).toBe(false);
      expect(ledger.msToNextDay()).toBe(100);
      clock.advanceMs(99);
      expect(await spend(ledger)).toBe(false);
      const { day } = ledger.today();
      clock.advanceMs(1);
      expect([day < next, ledger.today()]).toEqual([true, { day: next, billed: 0, unknown: 0, open: 0 }]);
      expect(ledger.msToNextDay()).toBe(hours * 3_600_000);
      await late?.settle('yes');
      expect(ledger.today(), 'the call of the day before').toMatchObject({ day: next, billed: 0 });
      expect([await spend(ledger), await spend(ledger)]).toEqual([true, false]);
      clock.advanceMs(hours * 3_600_000 - 1);
      expect([ledger.msToNextDay(), await spend(ledger)]).toEqual([1, false]);
      clock.advanceMs(1);
      expect(await spend(ledger)).toBe(true);
    });

    test('a clock that was a month ahead and is set right: the budget of the day counts', async () => {
      const { ledger, clock } = await start(1);
      clock.setByMs(30 * 86_400_000);
      expect(await spend(ledger)).toBe(true);
      clock.setByMs(-30 * 86_400_000);
      expect(ledger.today()).toEqual({ day: DAY, billed: 0, unknown: 0, open: 0 });
      expect(await spend(ledger)).toBe(true);
      expect(ledger.today()).toEqual({ day: DAY, billed: 1, unknown: 0, open: 0 });
      expect(await spend(ledger)).toBe(false);
    });

    test('a call belongs to the day of its reservation', async () => {
      const { ledger, clock } = await start(2);
      const reservations = await reserveAll(ledger, 2);
      clock.advanceMs(100);
      for (const reservation of reservations) await reservation.settle('yes');
      expect(ledger.today()).toEqual({ day: NEXT_DAY, billed: 0, unknown: 0, open: 0 });
      expect(await reserveAll(ledger, 3)).toHaveLength(2);
      expect(ledger.today()).toEqual({ day: NEXT_DAY, billed: 0, unknown: 0, open: 2 });
    });

    test('a call of the day before that ends late leaves the count of today as it is', async () => {
      const { ledger, clock } = await start(2);
      const [late] = await reserveAll(ledger, 1);
      clock.advanceMs(100);
      expect(await spend(ledger)).toBe(true);
      await late?.settle('yes');
      expect(ledger.today()).toEqual({ day: NEXT_DAY, billed: 1, unknown: 0, open: 0 });
    });
  });
}

interface OpenOptions {
  readonly path?: string;
  readonly dailyBudget?: number | undefined;
  readonly days?: ZoneDays;
  readonly clock?: TestClock;
  readonly scope?: string;
  /** What stands between the ledger and its file. */
  readonly through?: (file: SqliteFile) => SqliteFile;
}

/** A sqlite ledger whose file is closed with the test. */
export function openLedger(options: OpenOptions = {}) {
  const { path = temporaryStorePath(), dailyBudget, days = UTC_DAYS, scope = LEDGER_SCOPE } = options;
  const { clock = createTestClock(), through = (file) => file } = options;
  const direct = openSqliteFile(path, 1, { after: clock.timers.after });
  const file = through(direct);
  const spendingStore = createSqliteSpendingStore({ file, scope, settleAbandoned: async () => {}, clock: clock.nowMs });
  const ledger = createStoredLedger({ spendingStore, dailyBudget, days, clock: clock.nowMs, timers: clock.timers });
  onTestFinished(() => direct.close());
  return { ledger, file, path, clock };
}

/** What the file says of a day, as whoever opens it next would read it. */
export function booked(path: string, day = DAY, scope = LEDGER_SCOPE) {
  const database = openForReading(path);
  try {
    return database && prepareSpending(database).spendingOf(scope, day);
  } finally {
    database?.close();
  }
}

/** A file whose calls wait for, or fail with, what `before` says of them. */
export const delayed = (before: (name: OperationName) => Promise<void>) => (file: SqliteFile) => ({
  ...file,
  call: (async (name, ...args) => {
    await before(name);
    return file.call(name, ...args);
  }) as SqliteFile['call'],
});

/** An existing file with garbage in it. */
export function unreadableStore(): string {
  const path = temporaryStorePath();
  writeFileSync(path, 'garbage'.repeat(1000));
  return path;
}

/** A ledger whose file can be changed under it. */
export function openLedgerOnChangingFile(dailyBudget?: number) {
  let current: SqliteFile | undefined;
  const through = (file: SqliteFile): SqliteFile => ({
    ...file,
    call: (name, ...args) => (current ?? file).call(name, ...args),
  });
  const { ledger } = openLedger({ dailyBudget, through });
  return { ledger, change: (file: SqliteFile) => (current = file) };
}
