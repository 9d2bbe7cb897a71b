import { expect, test } from 'vitest';
import { createRetryBudget } from '../../../src/upstream/policies/retry.ts';
import { createTestClock } from '../../support/test-clock.ts';

function setUp() {
  const clock = createTestClock();
  const budget = createRetryBudget(clock.nowMs);
  return {
    clock,
    budget,
    note(attempts: number) {
      for (let each = 0; each < attempts; each += 1) budget.noteAttempt();
    },
    /** How many extra attempts there are; they are taken. */
    takeAll() {
      let taken = 0;
      while (budget.take()) taken += 1;
      return taken;
    },
  };
}

test.each([
  [0, 10],
  [50, 10],
  [100, 10],
  [110, 11],
  [1000, 100],
])('after %i attempts there are %i extra ones', (attempts, extra) => {
  const { note, takeAll } = setUp();
  note(attempts);
  expect(takeAll()).toBe(extra);
});

test('what was taken comes back after 10 s', () => {
  const { clock, takeAll } = setUp();
  expect(takeAll()).toBe(10);
  clock.advanceMs(9999);
  expect(takeAll()).toBe(0);
  clock.advanceMs(1);
  expect(takeAll()).toBe(10);
});

test('attempts older than 10 s allow nothing', () => {
  const { clock, note, takeAll } = setUp();
  note(1000);
  clock.advanceMs(10_000);
  expect(takeAll()).toBe(10);
});

test('more attempts allow more, and what was taken before counts', () => {
  const { clock, note, takeAll } = setUp();
  note(10);
  expect(takeAll()).toBe(10);
  clock.advanceMs(5000);
  note(190);
  expect(takeAll()).toBe(10);
});
