import { expect, test } from 'vitest';
import { createAnswerMemory } from '../../src/cache/answer-memory.ts';
import { createFreshEntries } from '../../src/cache/fresh-entries.ts';
import { createHits } from '../../src/server/fast-lane/hits.ts';
import { answerAt } from '../model/paid-outcomes.ts';
import { createTestClock } from '../support/test-clock.ts';

const LIFETIMES = { freshMs: 1000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, negativeMs: 1000 };
/** So many requests may pass before an entry that each of them reads is made the most recent one again. */
const PROMOTED_EVERY = 1000;

function setUp() {
  const { nowMs } = createTestClock();
  const memory = createAnswerMemory({ maxEntries: 2, lifetimes: LIFETIMES, clock: nowMs });
  const fresh = createFreshEntries({ memory, lifetimes: LIFETIMES, keyOf: ({ kolId }) => kolId });
  return {
    buy: (kolId: string) => memory.remember(kolId, answerAt(nowMs())),
    /** In a request of its own. */
    read: (kolId: string) => createHits({ fresh, maxKols: 1, nowMs: nowMs() }).textOf(kolId, '', () => 'text'),
    remembered: () => ['a', 'b', 'c'].filter((kolId) => memory.peek(kolId) !== undefined),
  };
}

test('what was read last is forgotten last', () => {
  const { buy, read, remembered } = setUp();
  buy('a');
  buy('b');
  expect(read('a')).toBe('text');
  buy('c');
  expect(remembered()).toEqual(['a', 'c']);
});

test.each([
  [PROMOTED_EVERY - 1, ['b', 'c']],
  [PROMOTED_EVERY, ['a', 'c']],
])('what was read before, and again %i requests later, leaves %j', (later, expected) => {
  const { buy, read, remembered } = setUp();
  buy('a');
  buy('b');
  read('a');
  read('b');
  for (let request = 2; request < later; request += 1) read('neither');
  read('a');
  buy('c');
  expect(remembered()).toEqual(expected);
});

test('what every request reads is not forgotten', () => {
  const { buy, read, remembered } = setUp();
  buy('a');
  for (const other of ['b', 'c']) {
    for (let request = 0; request < PROMOTED_EVERY; request += 1) read('a');
    buy(other);
  }
  expect(remembered()).toEqual(['a', 'c']);
});
