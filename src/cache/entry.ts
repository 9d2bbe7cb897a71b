import type { LinkIndexAnswer, LinkIndexFailure, NoLinkIndex } from '../domain/link-index.ts';
import type { KeptAnswer } from './kept-answer.ts';

/** How long what is remembered may be served, in milliseconds. */
export interface Lifetimes {
  /** First window: an answer is served as it is. */
  readonly freshMs: number;
  /** Second window, after the first: served at once, refreshed behind it. */
  readonly staleWhileRevalidateMs: number;
  /** Third window, after the second: served only where the upstream cannot answer in time. */
  readonly staleIfErrorMs: number;
  /** "No such data", refused parameters, and paid answers that cannot be used. */
  readonly negativeMs: number;
}

/** What is remembered of one key. Its times are absolute, so a changed configuration changes the judgement, not the data. */
export interface Entry {
  /** The last that the upstream said of this key and that can be used. */
  readonly answer?: KeptAnswer | NoLinkIndex;
  /** The last that failed after it, and until when the key is not asked for again. */
  readonly failure?: { readonly outcome: LinkIndexFailure; readonly untilMs: number };
  /** What the answer looked like to those who asked for it before, by their renderings; goes with the entry or before it. */
  rendered?: readonly { readonly by: number; readonly text: string }[] | undefined;
  /** The number of the request that read it last in the fast lane, so that a request counts each key once. */
  lastRequest?: number;
  /** How far the memory had changed when the fast lane made this the most recent entry last. */
  promotedAt?: number;
}

/** What the upstream knew, and since when, in whatever form. */
export type Dated = Pick<LinkIndexAnswer | NoLinkIndex, 'kind' | 'fetchedAtMs'>;

/** Which of its windows an answer is in. */
export type Window = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'expired';

/** The clocks of replicas differ, so a time that is ahead by less is now, in milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Whether a time cannot be: it comes from a clock that was, or is, wrong. */
export function isFromFuture(atMs: number, nowMs: number): boolean {
  return atMs - nowMs > CLOCK_TOLERANCE_MS;
}

/**
 * Judged on reading, by absolute times. An answer whose time cannot be is stale, so that a newer one takes its place;
 * "no such data" has expired then.
 *
 * @see RFC 5861 for stale-while-revalidate and stale-if-error
 */
export function windowOf(answer: Dated, lifetimes: Lifetimes, nowMs: number): Window {
  const isImpossible = isFromFuture(answer.fetchedAtMs, nowMs);
  if (answer.kind === 'no-data')
    return !isImpossible && nowMs - answer.fetchedAtMs < lifetimes.negativeMs ? 'fresh' : 'expired';
  const ageMs = isImpossible ? lifetimes.freshMs : nowMs - answer.fetchedAtMs;
  if (ageMs < lifetimes.freshMs) return 'fresh';
  if (ageMs < lifetimes.freshMs + lifetimes.staleWhileRevalidateMs) return 'stale-while-revalidate';
  return ageMs < maxAgeMs(lifetimes) ? 'stale-if-error' : 'expired';
}

/** The oldest that an answer can be and still be served. */
export function maxAgeMs({ freshMs, staleWhileRevalidateMs, staleIfErrorMs }: Lifetimes): number {
  return freshMs + staleWhileRevalidateMs + staleIfErrorMs;
}

/** A call that may have been billed is not repeated for this long, so that a reload does not buy again. */
const OUTCOME_UNKNOWN_MS = 60_000;
/** A key with an answer is not refreshed again for this long after a refresh failed. */
const FAILED_REFRESH_MS = 30_000;

/** How long a failure is remembered on its own account, in milliseconds: what was or may have been billed, and refused parameters. */
export function failureLifetimeMs({ error }: LinkIndexFailure, { negativeMs }: Lifetimes): number {
  switch (error.verdict.isKept) {
    case 'negative':
      return negativeMs;
    case 'minute':
      return OUTCOME_UNKNOWN_MS;
    case 'not':
      return 0;
  }
}

/** Whether a failure is worth keeping: what was or may have been billed, and refused parameters. */
export function failureIsKept({ error }: LinkIndexFailure): boolean {
  return error.verdict.isKept !== 'not';
}

/** How long a key that has an answer to serve is not asked for again after this failure, in milliseconds. */
export function refreshPauseMs(failure: LinkIndexFailure, lifetimes: Lifetimes): number {
  const { verdict, pausedBy, retryAfterSeconds = 0 } = failure.error;
  // A breaker says for itself when it is over, and may be mended before.
  if (pausedBy !== undefined) return 0;
  // What we refused ourselves (budget, overload) may be possible again long before the time that it named.
  const askedToWaitMs = verdict.condemns === 'nothing' ? 0 : retryAfterSeconds * 1000;
  return Math.max(FAILED_REFRESH_MS, askedToWaitMs, failureLifetimeMs(failure, lifetimes));
}

/** For how much longer an outcome is fresh, in milliseconds; 0 when it is stale or a failure, and never more than its lifetime. */
export function remainingFreshMs(
  outcome: Dated | LinkIndexFailure,
  { freshMs, negativeMs }: Lifetimes,
  nowMs: number,
): number {
  if (outcome.kind === 'failure' || isFromFuture(outcome.fetchedAtMs, nowMs)) return 0;
  const lifetimeMs = outcome.kind === 'no-data' ? negativeMs : freshMs;
  return Math.min(lifetimeMs, Math.max(0, outcome.fetchedAtMs + lifetimeMs - nowMs));
}

/** Whether a failure still keeps its key from being asked for. */
export function isPausing({ outcome, untilMs }: NonNullable<Entry['failure']>, nowMs: number): boolean {
  return nowMs < untilMs && !isFromFuture(outcome.failedAtMs, nowMs);
}
