import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact, freshnessOf, isPausing, type Lifetimes, remainingFreshMs } from '../../src/cache/entry.ts';
import { createAnswerMemory } from '../../src/cache/memory.ts';
import { answerAt, failureAt } from '../model/paid-outcomes.ts';
import { createTestClock } from '../support/test-clock.ts';

const LIFETIMES: Lifetimes = {
  freshMs: 100_000,
  staleWhileRevalidateMs: 200_000,
  staleIfErrorMs: 300_000,
  negativeMs: 600_000,
};
const NOW_MS = Date.UTC(2026, 0, 2);
const MONTH_MS = 30 * 86_400_000;
const noDataAt = (fetchedAtMs: number) => ({ kind: 'no-data', fetchedAtMs }) as const;

describe('a time that is ahead', () => {
  test.each([
    [1, 'fresh', 'fresh', true],
    [60_000, 'fresh', 'fresh', true],
    [60_001, 'stale-while-revalidate', 'expired', false],
    [MONTH_MS, 'stale-while-revalidate', 'expired', false],
  ])('by %i ms: the answer is %s, no data is %s, a failure pauses: %s', (aheadMs, answer, noData, pauses) => {
    const atMs = NOW_MS + aheadMs;
    expect(freshnessOf(answerAt(atMs), LIFETIMES, NOW_MS)).toBe(answer);
    expect(freshnessOf(noDataAt(atMs), LIFETIMES, NOW_MS)).toBe(noData);
    const failure = { outcome: failureAt('outcome-unknown', atMs), untilMs: atMs + 60_000 };
    expect(isPausing(failure, NOW_MS)).toBe(pauses);
  });

  test('is never fresh for longer than the configuration says', () => {
    fc.assert(
      fc.property(fc.integer({ min: -MONTH_MS, max: MONTH_MS }), (aheadMs) => {
        const atMs = NOW_MS + aheadMs;
        const leftMs = remainingFreshMs(answerAt(atMs), LIFETIMES, NOW_MS);
        expect(leftMs).toBeLessThanOrEqual(LIFETIMES.freshMs);
        expect(leftMs > 0).toBe(freshnessOf(answerAt(atMs), LIFETIMES, NOW_MS) === 'fresh');
        const noDataLeftMs = remainingFreshMs(noDataAt(atMs), LIFETIMES, NOW_MS);
        expect(noDataLeftMs).toBeLessThanOrEqual(LIFETIMES.negativeMs);
        expect(noDataLeftMs > 0).toBe(freshnessOf(noDataAt(atMs), LIFETIMES, NOW_MS) === 'fresh');
      }),
    );
  });
});

describe.each([5 * 60_000, 30_000, MONTH_MS])('the memory, when the clock is set back by %i ms', (backMs) => {
  function setUp() {
    const clock = createTestClock(NOW_MS);
    const memory = createAnswerMemory({ maxEntries: 10, lifetimes: LIFETIMES, clock: clock.nowMs });
    return { clock, memory };
  }

  test('keeps what this process buys now', () => {
    const { clock, memory } = setUp();
    memory.remember('k', answerAt(clock.nowMs(), 1));
    clock.setByMs(-backMs);
    const now = answerAt(clock.nowMs(), 2);
    memory.remember('k', now);
    expect(memory.get('k')).toEqual({ answer: compact(now) });
  });

  test('takes from the store nothing of the time that cannot be, in place of what is good', () => {
    const { clock, memory } = setUp();
    const impossible = answerAt(clock.nowMs() + 120_000, 1);
    clock.setByMs(-backMs);
    const now = answerAt(clock.nowMs(), 2);
    memory.remember('k', now);
    memory.merge('k', impossible);
    expect(memory.get('k')).toEqual({ answer: compact(now) });
  });

  test('lets what another replica has bought take the place of what cannot be', () => {
    const { clock, memory } = setUp();
    memory.remember('k', answerAt(clock.nowMs() + 120_000, 1));
    clock.setByMs(-backMs);
    const now = answerAt(clock.nowMs(), 2);
    memory.merge('k', now);
    expect(memory.get('k')).toEqual({ answer: compact(now) });
  });
});

test('a failure just now pauses a key whose known pause is one of a wrong clock', () => {
  const clock = createTestClock(NOW_MS);
  const memory = createAnswerMemory({ maxEntries: 10, lifetimes: LIFETIMES, clock: clock.nowMs });
  memory.remember('k', answerAt(clock.nowMs()));
  memory.remember('k', failureAt('outcome-unknown', clock.nowMs()));
  clock.setByMs(-MONTH_MS);
  const now = failureAt('outcome-unknown', clock.nowMs());
  memory.remember('k', now);
  expect(memory.get('k')?.failure).toEqual({ outcome: now, untilMs: clock.nowMs() + 60_000 });
});
