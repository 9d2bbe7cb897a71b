import { expect, test } from 'vitest';
import type { Billed } from '../../../src/domain/verdicts.ts';
import { createMemoryLedger } from '../../../src/upstream/ledger/memory-ledger.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { UTC_DAYS } from '../../support/utc-days.ts';

const DAY_MS = 86_400_000;

function setUp(dailyBudget?: number) {
  const clock = createTestClock();
  const ledger = createMemoryLedger({ dailyBudget, days: UTC_DAYS, clock: clock.nowMs });
  return {
    clock,
    ledger,
    async spend(billed: Billed) {
      const reservation = await ledger.reserve();
      await reservation?.settle(billed);
      return reservation !== undefined;
    },
  };
}

test('each call is counted by what it turned out to be', async () => {
  const { ledger, spend } = setUp();
  for (const billed of ['yes', 'yes', 'no', 'unknown'] as const) await spend(billed);
  await ledger.reserve();
  expect(ledger.today()).toEqual({ day: '2026-01-02', billed: 2, unknown: 1, open: 1 });
});

test('without a budget it never ends', async () => {
  const { ledger, spend } = setUp();
  for (let each = 0; each < 1000; each += 1) await spend('yes');
  expect(ledger.isExhausted()).toBe(false);
});

test('a budget of 0 buys nothing', async () => {
  const { ledger } = setUp(0);
  expect(ledger.isExhausted()).toBe(true);
  expect(await ledger.reserve()).toBeUndefined();
});

test('a burst cannot overshoot: what is in flight counts as spent', async () => {
  const { ledger } = setUp(3);
  const reservations = await Promise.all(Array.from({ length: 10 }, () => ledger.reserve()));
  expect(reservations.filter((reservation) => reservation !== undefined)).toHaveLength(3);
  expect(ledger.isExhausted()).toBe(true);
});

test('unknown outcomes count as spent, and unbilled ones are given back', async () => {
  const { ledger, spend } = setUp(2);
  expect(await spend('unknown')).toBe(true);
  expect(await spend('no')).toBe(true);
  expect(await spend('no')).toBe(true);
  expect(await spend('yes')).toBe(true);
  expect(await spend('yes')).toBe(false);
  expect(ledger.today()).toMatchObject({ billed: 1, unknown: 1, open: 0 });
});

test('the next UTC day begins anew', async () => {
  const { clock, ledger, spend } = setUp(1);
  await spend('yes');
  clock.advanceMs(ledger.msToNextDay() - 1);
  expect(ledger.isExhausted()).toBe(true);
  clock.advanceMs(1);
  expect(ledger.isExhausted()).toBe(false);
  expect(ledger.today()).toEqual({ day: '2026-01-03', billed: 0, unknown: 0, open: 0 });
});

test('a call belongs to the day of its reservation', async () => {
  const { clock, ledger } = setUp(1);
  const reservation = await ledger.reserve();
  clock.advanceMs(DAY_MS);
  await reservation?.settle('yes');
  expect(ledger.today()).toMatchObject({ billed: 0, open: 0 });
  expect(await ledger.reserve()).toBeDefined();
});
