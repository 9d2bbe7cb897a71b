import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAdjustableClock } from '../../src/upstream/adjustable-clock.ts';
import { createTestClock } from '../support/test-clock.ts';

const HOUR_MS = 3_600_000;

function setUp() {
  const own = createTestClock(10 * HOUR_MS);
  return { own, clock: createAdjustableClock(own.nowMs) };
}

test('goes as the machine’s does until it is set', () => {
  const { clock, own } = setUp();
  own.advanceMs(1234);
  expect(clock.nowMs()).toBe(own.nowMs());
});

test.each([HOUR_MS, -HOUR_MS, 1000, -1000])('is set when it is wrong by %i ms, and says by how much', (errorMs) => {
  const { clock, own } = setUp();
  expect(clock.setBy(own.nowMs() + errorMs)).toBe(errorMs);
  expect(clock.nowMs()).toBe(own.nowMs() + errorMs);
  own.advanceMs(500);
  expect(clock.nowMs()).toBe(own.nowMs() + errorMs);
  expect(clock.setBy(own.nowMs() + errorMs), 'it is right by now').toBe(0);
});

test.each([0, 999, -999, 0.5])('is let be when it differs by %d ms', (errorMs) => {
  const { clock, own } = setUp();
  expect(clock.setBy(own.nowMs() + errorMs)).toBe(0);
  expect(clock.nowMs()).toBe(own.nowMs());
});

test('small differences add up to one that counts', () => {
  const { clock, own } = setUp();
  expect([400, 800, 1200].map((errorMs) => clock.setBy(own.nowMs() + errorMs))).toEqual([0, 0, 1200]);
});

test('is set back when the machine’s own clock was put right meanwhile', () => {
  const { clock, own } = setUp();
  const truthMs = own.nowMs() + HOUR_MS;
  clock.setBy(truthMs);
  own.advanceMs(HOUR_MS);
  expect(clock.setBy(truthMs)).toBe(-HOUR_MS);
  expect(clock.nowMs()).toBe(truthMs);
});

// What is dated by a fraction of a millisecond can be read by nobody.
test('counts whole milliseconds, whatever it was set by', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e13, noNaN: true }), { minLength: 1 }), (times) => {
      const { clock } = setUp();
      for (const ms of times) clock.setBy(ms);
      expect(Number.isInteger(clock.nowMs())).toBe(true);
      expect(Math.abs(clock.nowMs() - (times.at(-1) ?? 0))).toBeLessThan(1001);
    }),
  );
});
