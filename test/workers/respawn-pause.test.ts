import { expect, test } from 'vitest';
import { createRespawnPause } from '../../src/workers/respawn-pause.ts';

test('the first that ends is replaced at once, those that follow soon after longer and longer pauses', () => {
  let nowMs = 0;
  const pauseMs = createRespawnPause(() => nowMs);
  expect(Array.from({ length: 9 }, pauseMs)).toEqual([0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  nowMs += 60_000;
  expect(pauseMs()).toBe(0);
  nowMs += 59_999;
  expect(pauseMs()).toBe(500);
});
