import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSlidingWindow } from '../../../src/upstream/policies/sliding-window.ts';
import { createTestClock } from '../../support/test-clock.ts';

const WINDOW_MS = 50;

test('whatever happens when, exactly what is younger than the window is counted', () => {
  const steps = fc.array(
    fc.record({ waitMs: fc.integer({ min: 0, max: 30 }), times: fc.integer({ min: 0, max: 3 }) }),
    { maxLength: 100 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const clock = createTestClock();
      const count = createSlidingWindow(WINDOW_MS, clock.nowMs);
      const happened: number[] = [];
      for (const { waitMs, times } of all) {
        clock.advanceMs(waitMs);
        for (let time = 0; time < times; time += 1) {
          count.add();
          happened.push(clock.nowMs());
        }
        expect(count.total()).toBe(happened.filter((atMs) => clock.nowMs() - atMs < WINDOW_MS).length);
      }
    }),
  );
});

test('what is over is forgotten however much of it there was, and a reset forgets the rest', () => {
  const clock = createTestClock();
  const count = createSlidingWindow(WINDOW_MS, clock.nowMs);
  for (let time = 0; time < 5000; time += 1) {
    clock.advanceMs(1);
    count.add();
  }
  expect(count.total()).toBe(WINDOW_MS);
  count.reset();
  expect(count.total()).toBe(0);
  count.add();
  expect(count.total()).toBe(1);
});
