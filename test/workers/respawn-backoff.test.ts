import { expect, test } from 'vitest';
import { createRespawnBackoff } from '../../src/workers/primary.ts';

test('the first worker that ends is replaced at once, those that follow soon after longer and longer pauses', () => {
  let nowMs = 0;
  const backoffMs = createRespawnBackoff(() => nowMs);
  expect(Array.from({ length: 9 }, backoffMs)).toEqual([0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  nowMs += 60_000;
  expect(backoffMs()).toBe(0);
  nowMs += 59_999;
  expect(backoffMs()).toBe(500);
});
