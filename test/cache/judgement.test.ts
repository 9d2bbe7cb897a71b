import { describe, expect, test } from 'vitest';
import {
  type Entry,
  failureLifetimeMs,
  type Lifetimes,
  refreshPauseMs,
  remainingFreshMs,
  windowOf,
} from '../../src/cache/entry.ts';
import { judge, mayReplace } from '../../src/cache/judgement.ts';
import { keepAnswer } from '../../src/cache/kept-answer.ts';
import { answerAt, failureAt, outcomeOf, type Reply, wordOf } from '../model/paid-outcomes.ts';

const LIFETIMES: Lifetimes = { freshMs: 100, staleWhileRevalidateMs: 200, staleIfErrorMs: 300, negativeMs: 50 };
const BORN_MS = 10_000;
const ANSWER = keepAnswer(answerAt(BORN_MS));
const NO_DATA = { kind: 'no-data', fetchedAtMs: BORN_MS } as const;

/** What is to be done, in a few words. */
function judged(entry: Entry | undefined, ageMs: number): string {
  const judgement = judge(entry, LIFETIMES, BORN_MS + ageMs);
  if (judgement.kind === 'ask') return `ask, or ${wordOf(judgement.fallback)}`;
  return `${wordOf(judgement.outcome)}${judgement.isDue ? ', and refresh' : ''}`;
}

/** The answer, and a failure after it that keeps the key from being asked until so long after the answer. */
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
  expect(windowOf(ANSWER, LIFETIMES, BORN_MS + ageMs)).toBe(window);
});

test.each([
  [0, 'fresh'],
  [49, 'fresh'],
  [50, 'expired'],
])('"no such data" of %i ms is %s', (ageMs, window) => {
  expect(windowOf(NO_DATA, LIFETIMES, BORN_MS + ageMs)).toBe(window);
});

describe('what is done with an entry', () => {
  test.each([
    ['nothing known', undefined, 0, 'ask, or nothing'],
    ['fresh', { answer: ANSWER }, 99, 'FRESH'],
    ['second window', { answer: ANSWER }, 100, 'STALE_REVALIDATING, and refresh'],
    ['third window', { answer: ANSWER }, 300, 'ask, or FRESH'],
    ['expired', { answer: ANSWER }, 600, 'ask, or nothing'],
    ['no data', { answer: NO_DATA }, 49, 'no-data'],
    ['no data, expired', { answer: NO_DATA }, 50, 'ask, or nothing'],
  ])('%s', (_what, entry: Entry | undefined, ageMs, what) => {
    expect(judged(entry, ageMs)).toBe(what);
  });

  test.each([
    ['fresh', 99, 'FRESH'],
    ['second window', 100, 'STALE_UPSTREAM_FAILED'],
    ['third window', 300, 'STALE_UPSTREAM_FAILED'],
  ])('%s, soon after a refresh failed', (_what, ageMs, what) => {
    expect(judged(failedAfter('unreachable', ageMs + 1), ageMs)).toBe(what);
  });

  test.each([
    ['second window', 100, 'STALE_REVALIDATING, and refresh'],
    ['third window', 300, 'ask, or FRESH'],
    ['expired', 600, 'ask, or nothing'],
  ])('%s, long after a refresh failed', (_what, ageMs, what) => {
    expect(judged(failedAfter('unreachable', ageMs), ageMs)).toBe(what);
  });

  test('a failure that is remembered and has no answer beside it is served', () => {
    expect(judged(failedAfter('outcome-unknown', 10, null), 9)).toBe('UPSTREAM_OUTCOME_UNKNOWN');
    expect(judged(failedAfter('outcome-unknown', 10, null), 10)).toBe('ask, or nothing');
    expect(judged(failedAfter('bad-response', 700), 600)).toBe('UPSTREAM_BAD_RESPONSE');
  });

  test("the upstream's word on this key comes before a third-window answer, and not before a second-window one", () => {
    expect(judged(failedAfter(400, 400), 300)).toBe('BAD_USER_INPUT');
    expect(judged(failedAfter(400, 400), 299)).toBe('STALE_UPSTREAM_FAILED');
  });
});

test('only an answer, no data, or refused parameters take the place of a stale answer', () => {
  const may = (reply: Reply) => mayReplace(outcomeOf(reply, BORN_MS));
  expect(([0, 201, 400] as const).every(may)).toBe(true);
  expect(([100, 301, 302, 303, 500, 600, 'unreachable', 'outcome-unknown', 'bad-response'] as const).some(may)).toBe(
    false,
  );
});

describe('how long a failure keeps a key from being asked', () => {
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
