import { expect, test } from 'vitest';
import { createSqliteSpendingStore } from '../../src/stores/sqlite/sqlite-spending.ts';
import { createStoredLedger } from '../../src/upstream/ledger/stored-ledger.ts';
import { createTestClock } from '../support/test-clock.ts';
import { UTC_DAYS, utcDayOf } from '../support/utc-days.ts';
import { SCOPE } from './gateway-line.ts';
import { settled } from './held-source.ts';
import { createSurvivingDatabase } from './surviving-database.ts';

const RESETTLE_MS = 1000;

/** A ledger that has booked one billed call while its store was away. */
async function setUpOutage() {
  const clock = createTestClock();
  const database = createSurvivingDatabase();
  const { file } = database.connect();
  const common = { clock: clock.nowMs, timers: clock.timers, dailyBudget: undefined };
  const spendingStore = createSqliteSpendingStore({
    file,
    scope: SCOPE,
    settleAbandoned: async () => {},
    clock: clock.nowMs,
  });
  const ledger = createStoredLedger({ spendingStore, days: UTC_DAYS, ...common });
  await ledger.load();
  database.isAway = true;
  const reservation = await ledger.reserve();
  return {
    clock,
    database,
    ledger,
    reservation,
    billedInStore: () => database.operations.spendingOf(SCOPE, utcDayOf(clock.nowMs())).billed,
  };
}

test('what was billed while the store was away is booked within a second of its return', async () => {
  const { billedInStore, clock, database, reservation } = await setUpOutage();
  await reservation?.settle('yes');
  clock.advanceMs(RESETTLE_MS);
  await settled();
  database.isAway = false;
  expect(billedInStore()).toBe(0);
  clock.advanceMs(RESETTLE_MS);
  await settled();
  expect(billedInStore()).toBe(1);
});

test('so it is when a call was reserved at the moment of another attempt to book it', async () => {
  const { billedInStore, clock, database, ledger, reservation } = await setUpOutage();
  await reservation?.settle('yes');
  ledger.reserve();
  clock.advanceMs(RESETTLE_MS);
  await settled();
  database.isAway = false;
  clock.advanceMs(60 * RESETTLE_MS);
  await settled();
  expect(billedInStore()).toBe(1);
});

test('a call that ends after the return of the store is booked at its end', async () => {
  const { billedInStore, database, reservation } = await setUpOutage();
  database.isAway = false;
  await reservation?.settle('yes');
  await settled();
  expect(billedInStore()).toBe(1);
});
