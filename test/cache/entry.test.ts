import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compact,
  decide,
  type Entry,
  expand,
  failureLifetimeMs,
  freshnessOf,
  type Lifetimes,
  refreshPauseMs,
  remainingFreshMs,
} from '../../src/cache/entry.ts';
import type { LinkIndexAnswer } from '../../src/domain/link-index.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { BUDGET_EXHAUSTED, INTERNAL_ERROR, PAUSED } from '../../src/domain/verdicts.ts';
import { answerAt, failureAt, outcomeOf, type Reply, wordOf } from '../model/paid-outcomes.ts';
import { anyOutcome } from '../support/any-outcome.ts';

const LIFETIMES: Lifetimes = { freshMs: 100, staleWhileRevalidateMs: 200, staleIfErrorMs: 300, negativeMs: 50 };
const BORN_MS = 10_000;
const ANSWER = compact(answerAt(BORN_MS));
const NO_DATA = { kind: 'no-data', fetchedAtMs: BORN_MS } as const;

/** What is to be done, in a few words. */
function decided(entry: Entry | undefined, ageMs: number): string {
  const decision = decide(entry, LIFETIMES, BORN_MS + ageMs);
  if (decision.kind === 'miss') return `buy, or ${wordOf(decision.fallback)}`;
  return `${wordOf(decision.outcome)}${decision.isDue ? ', and refresh' : ''}`;
}

/** The answer, and a failure after it that keeps the key from being bought until so long after the answer. */
function failedAfter(reply: Reply, untilAgeMs: number, answer: Entry['answer'] | null = ANSWER): Entry {
  const failure = { outcome: failureAt(reply, BORN_MS), untilMs: BORN_MS + untilAgeMs };
  return answer === null || answer === undefined ? { failure } : { answer, failure };
}

test.each([
  [0, 'fresh'],
  [99, 'fresh'],
  [100, 'stale-while-revalidate'],
  [299, 'stale-while-revalidate'],
  [300, 'stale-if-error'],
  [599, 'stale-if-error'],
  [600, 'expired'],
])('an answer of %i ms is %s', (ageMs, window) => {
  expect(freshnessOf(ANSWER, LIFETIMES, BORN_MS + ageMs)).toBe(window);
});

test.each([
  [0, 'fresh'],
  [49, 'fresh'],
  [50, 'expired'],
])('"no such data" of %i ms is %s', (ageMs, window) => {
  expect(freshnessOf(NO_DATA, LIFETIMES, BORN_MS + ageMs)).toBe(window);
});

describe('what is done with an entry', () => {
  test.each([
    ['nothing known', undefined, 0, 'buy, or nothing'],
    ['fresh', { answer: ANSWER }, 99, 'FRESH'],
    ['second window', { answer: ANSWER }, 100, 'STALE_REVALIDATING, and refresh'],
    ['third window', { answer: ANSWER }, 300, 'buy, or FRESH'],
    ['expired', { answer: ANSWER }, 600, 'buy, or nothing'],
    ['no data', { answer: NO_DATA }, 49, 'no-data'],
    ['no data, expired', { answer: NO_DATA }, 50, 'buy, or nothing'],
  ])('%s', (_what, entry: Entry | undefined, ageMs, what) => {
    expect(decided(entry, ageMs)).toBe(what);
  });

  test.each([
    ['fresh', 99, 'FRESH'],
    ['second window', 100, 'STALE_UPSTREAM_FAILED'],
    ['third window', 300, 'STALE_UPSTREAM_FAILED'],
  ])('%s, soon after a refresh failed', (_what, ageMs, what) => {
    expect(decided(failedAfter('unreachable', ageMs + 1), ageMs)).toBe(what);
  });

  test.each([
    ['second window', 100, 'STALE_REVALIDATING, and refresh'],
    ['third window', 300, 'buy, or FRESH'],
    ['expired', 600, 'buy, or nothing'],
  ])('%s, long after a refresh failed', (_what, ageMs, what) => {
    expect(decided(failedAfter('unreachable', ageMs), ageMs)).toBe(what);
  });

  test('a failure that is remembered and has no answer beside it is served', () => {
    expect(decided(failedAfter('outcome-unknown', 10, null), 9)).toBe('UPSTREAM_OUTCOME_UNKNOWN');
    expect(decided(failedAfter('outcome-unknown', 10, null), 10)).toBe('buy, or nothing');
    expect(decided(failedAfter('bad-response', 700), 600)).toBe('UPSTREAM_BAD_RESPONSE');
  });

  test("the upstream's word on this key comes before a third-window answer, and not before a second-window one", () => {
    expect(decided(failedAfter(400, 400), 300)).toBe('BAD_USER_INPUT');
    expect(decided(failedAfter(400, 400), 299)).toBe('STALE_UPSTREAM_FAILED');
  });
});

describe('how long a failure keeps a key from being bought', () => {
  const lifetimes = { ...LIFETIMES, negativeMs: 600_000 };

  test.each<[Reply, number]>([
    ['outcome-unknown', 60_000],
    ['bad-response', 600_000],
    ['unusable-answer', 600_000],
    [400, 600_000],
    [301, 0],
    [302, 0],
    [303, 0],
    [500, 0],
    [600, 0],
    [100, 0],
    ['unreachable', 0],
  ])('%s on its own account: %i ms', (reply, lifetimeMs) => {
    expect(failureLifetimeMs(failureAt(reply, BORN_MS), lifetimes)).toBe(lifetimeMs);
  });

  test.each<[Reply, number | undefined, number]>([
    [301, undefined, 30_000],
    [301, 10, 30_000],
    [302, 3600, 3_600_000],
    ['outcome-unknown', undefined, 60_000],
    ['bad-response', 3, 600_000],
  ])('%s with an answer to serve, asked to wait %s s: %i ms', (reply, retryAfterSeconds, pauseMs) => {
    expect(refreshPauseMs(failureAt(reply, BORN_MS, { retryAfterSeconds }), lifetimes)).toBe(pauseMs);
  });

  test.each([
    ['a refusal of ours', BUDGET_EXHAUSTED, {}, 30_000],
    ['an open breaker', PAUSED, { pausedBy: INTERNAL_ERROR.errorCode }, 0],
  ] as const)('%s may be over before the hour that it names', (_, verdict, details, pauseMs) => {
    const error = new UpstreamError(verdict, { retryAfterSeconds: 3600, ...details });
    expect(refreshPauseMs({ kind: 'failure', error, failedAtMs: BORN_MS }, lifetimes)).toBe(pauseMs);
  });
});

test.each<[Reply, number, number]>([
  [0, 0, 100],
  [0, 99, 1],
  [0, 100, 0],
  [201, 10, 40],
  [201, 60, 0],
  [301, 0, 0],
])('%s is fresh after %i ms for %i ms more', (reply, ageMs, remainingMs) => {
  expect(remainingFreshMs(outcomeOf(reply, BORN_MS), LIFETIMES, BORN_MS + ageMs)).toBe(remainingMs);
});

const anyAnswer = anyOutcome.filter((outcome): outcome is LinkIndexAnswer => outcome.kind === 'answer');

/** What memory gives back of an answer. */
function kept(answer: LinkIndexAnswer): unknown {
  const entry = compact(answer);
  return entry.kind === 'answer' ? expand(entry) : entry;
}

describe('an answer that was kept', () => {
  test('comes back the same', () => {
    fc.assert(
      fc.property(anyAnswer, (answer) => {
        expect(kept(answer)).toEqual(answer);
      }),
    );
  });

  test.each([0.1 + 0.2, Number.MIN_VALUE, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, -0.0738, 2 ** 31 - 1, 0, null])(
    'has %d to the last digit',
    (star) => {
      expect(kept(answerAt(1, star))).toStrictEqual(answerAt(1, star));
    },
  );

  test('has zero where there was a negative zero: JSON writes both alike', () => {
    expect(kept(answerAt(1, -0))).toStrictEqual(answerAt(1, 0));
  });

  test('is fresh again, and has forgotten how often was asked for it', () => {
    const answer = answerAt(1, 2);
    expect(kept({ ...answer, freshness: 'STALE_UPSTREAM_FAILED', attempts: 3 })).toStrictEqual(answer);
  });
});

test('that there is no such data is kept as it is', () => {
  const none = { kind: 'no-data', endpoint: 'author-link-info', fetchedAtMs: 1 } as const;
  expect(compact(none)).toBe(none);
});
