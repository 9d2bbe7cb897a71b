import { expect, test } from 'vitest';
import { createFailureRate } from '../../../src/upstream/policies/breakers.ts';
import { createTestClock } from '../../support/test-clock.ts';

function setUp() {
  const clock = createTestClock();
  const rate = createFailureRate(clock.nowMs);
  return {
    clock,
    rate,
    add(isFailure: boolean, times: number) {
      for (let time = 0; time < times; time += 1) rate.add(isFailure);
    },
  };
}

test('nothing is too high', () => {
  expect(setUp().rate.isTooHigh()).toBe(false);
});

test.each([
  [19, 0, false],
  [20, 0, true],
  [10, 10, true],
  [9, 11, false],
  [10, 11, false],
  [11, 11, true],
])('%i failures and %i successes within 60 s are too high: %s', (failures, successes, isTooHigh) => {
  const { add, rate } = setUp();
  add(true, failures);
  add(false, successes);
  expect(rate.isTooHigh()).toBe(isTooHigh);
});

test('what is 60 s old counts no more, be it good or bad', () => {
  const { add, clock, rate } = setUp();
  add(true, 10);
  clock.advanceMs(1);
  add(true, 9);
  clock.advanceMs(59_998);
  rate.add(true);
  expect(rate.isTooHigh()).toBe(true);
  clock.advanceMs(1);
  rate.add(true);
  expect(rate.isTooHigh()).toBe(false);
  add(true, 9);
  expect(rate.isTooHigh()).toBe(true);
  clock.advanceMs(60_000);
  add(true, 10);
  add(false, 10);
  expect(rate.isTooHigh()).toBe(true);
});

test('a reset begins anew', () => {
  const { add, rate } = setUp();
  add(true, 20);
  rate.reset();
  add(true, 19);
  expect(rate.isTooHigh()).toBe(false);
});
