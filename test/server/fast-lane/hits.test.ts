import { expect, test } from 'vitest';
import { createFreshEntries, createRendering } from '../../../src/cache/fresh-entries.ts';
import { createAnswerMemory } from '../../../src/cache/memory.ts';
import { createHits } from '../../../src/server/fast-lane/reads.ts';
import { answerAt } from '../../model/paid-outcomes.ts';
import { createTestClock } from '../../support/test-clock.ts';

const LIFETIMES = { freshMs: 1000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, negativeMs: 1000 };

function setUp(maxEntries = 2) {
  const { nowMs } = createTestClock();
  const memory = createAnswerMemory({ maxEntries, lifetimes: LIFETIMES, clock: nowMs });
  const rendering = createRendering(() => 'text');
  const fresh = createFreshEntries({ memory, lifetimes: LIFETIMES, keyOf: ({ kolId }) => kolId });
  return {
    buy: (kolId: string) => memory.remember(kolId, answerAt(nowMs())),
    /** In a request of its own. */
    read: (kolId: string) => createHits({ fresh, maxKols: 1, nowMs: nowMs() }).textOf(kolId, '', rendering),
    remembered: (...kolIds: string[]) => kolIds.filter((kolId) => memory.peek(kolId) !== undefined),
  };
}

test('what was read last is forgotten last', () => {
  const { buy, read, remembered } = setUp();
  buy('a');
  buy('b');
  expect(read('a')).toBe('text');
  buy('c');
  expect(remembered('a', 'b', 'c')).toEqual(['a', 'c']);
});

test('in a large memory, what was read before may fall behind by a tenth of it, and no further', () => {
  const { buy, read, remembered } = setUp(100);
  const others = (from: number, count: number) => Array.from({ length: count }, (_, index) => `${from + index}`);
  for (const key of ['a', 'b']) buy(key);
  for (const key of ['a', 'b']) read(key);
  // With nine more, neither is moved by a read; with ten, it is.
  for (const key of others(0, 9)) buy(key);
  read('a');
  for (const key of others(9, 1)) buy(key);
  read('b');
  for (const key of others(10, 88)) buy(key);
  expect(remembered('a', 'b')).toEqual(['a', 'b']);
  buy('98');
  expect(remembered('a', 'b')).toEqual(['b']);
});

test.each([3, 100])('what every request reads is not forgotten by a memory of %i', (maxEntries) => {
  const { buy, read, remembered } = setUp(maxEntries);
  buy('a');
  for (let other = 0; other < 3 * maxEntries; other += 1) {
    expect(read('a')).toBe('text');
    buy(String(other));
  }
  expect(remembered('a')).toEqual(['a']);
});
