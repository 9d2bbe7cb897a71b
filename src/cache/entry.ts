import type {
  EndpointName,
  LinkIndexAnswer,
  LinkIndexFailure,
  LinkIndexOutcome,
  NoLinkIndex,
} from '../domain/link-index.ts';
import { decodeScores, encodeScores } from '../domain/outcome-codec.ts';

/** How long a remembered outcome may be served, in milliseconds. */
export interface Lifetimes {
  /** First period: an answer is served as it is. */
  readonly freshMs: number;
  /** Second period, after the first: served at once, and refreshed in the background. */
  readonly staleWhileRevalidateMs: number;
  /** Third period, after the second: served only where the upstream cannot answer in time. */
  readonly staleIfErrorMs: number;
  /** For "no such data", refused parameters, and billed answers that cannot be used. */
  readonly negativeMs: number;
}

/** What is remembered of one key. All times are absolute, so a changed configuration applies to existing entries. */
export interface Entry {
  /** The last usable answer of the upstream. */
  readonly answer?: CompactAnswer | NoLinkIndex;
  /** The last failure after it, and until when the key is not bought again. */
  readonly failure?: { readonly outcome: LinkIndexFailure; readonly untilMs: number };
  /** The answer as the fast lane rendered it, for each way to query it. */
  rendered?: readonly { readonly by: number; readonly text: string }[] | undefined;
  /** The number of the last fast-lane request that read it, so that a request counts each key once. */
  lastRequest?: number;
  /** The memory's number of changes when the fast lane last made this the most recently used entry. */
  promotedAt?: number;
}

/** An answer as the memory keeps it: its thirty numbers as one text take a quarter of the memory of objects. */
export interface CompactAnswer extends Omit<LinkIndexAnswer, 'scores' | 'freshness' | 'endpoint' | 'attempts'> {
  /** By `encodeScores`. */
  readonly encodedScores: string;
  readonly endpoint: EndpointName | undefined;
}

/** Freshness and attempts are not kept: the first is decided on reading, the second concerns only the buyer. */
export function compact(outcome: LinkIndexAnswer | NoLinkIndex): CompactAnswer | NoLinkIndex {
  if (outcome.kind === 'no-data') return outcome;
  const { kind, scores, endpoint, fetchedAtMs } = outcome;
  return { kind, encodedScores: encodeScores(scores), endpoint, fetchedAtMs };
}

/** The answer again, as it was when it was fresh. */
export function expand({ kind, encodedScores, endpoint, fetchedAtMs }: CompactAnswer): LinkIndexAnswer {
  return {
    kind,
    scores: decodeScores(encodedScores),
    freshness: 'FRESH',
    ...(endpoint && { endpoint }),
    fetchedAtMs,
  };
}

/** An answer in whatever form. */
export type Dated = Pick<LinkIndexAnswer | NoLinkIndex, 'kind' | 'fetchedAtMs'>;

export type EntryFreshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'expired';

/** Clocks of replicas differ: a time that is ahead by less than this counts as now, in milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Whether a time is impossible: the clock that gave it, or ours, is or was wrong. */
export function isFromFuture(atMs: number, nowMs: number): boolean {
  return atMs - nowMs > CLOCK_TOLERANCE_MS;
}

/**
 * In which of its periods an answer is at `nowMs`. An answer from the future is stale, so that it is replaced;
 * "no such data" from the future is expired.
 *
 * @see RFC 5861 for stale-while-revalidate and stale-if-error
 */
export function freshnessOf(answer: Dated, lifetimes: Lifetimes, nowMs: number): EntryFreshness {
  const isImpossible = isFromFuture(answer.fetchedAtMs, nowMs);
  if (answer.kind === 'no-data')
    return !isImpossible && nowMs - answer.fetchedAtMs < lifetimes.negativeMs ? 'fresh' : 'expired';
  const ageMs = isImpossible ? lifetimes.freshMs : nowMs - answer.fetchedAtMs;
  if (ageMs < lifetimes.freshMs) return 'fresh';
  if (ageMs < lifetimes.freshMs + lifetimes.staleWhileRevalidateMs) return 'stale-while-revalidate';
  return ageMs < maxAgeMs(lifetimes) ? 'stale-if-error' : 'expired';
}

/** The greatest age at which an answer may be served, in milliseconds. */
export function maxAgeMs({ freshMs, staleWhileRevalidateMs, staleIfErrorMs }: Lifetimes): number {
  return freshMs + staleWhileRevalidateMs + staleIfErrorMs;
}

/** For how much longer an outcome is fresh, in milliseconds: 0 for a stale answer or a failure, at most its lifetime. */
export function remainingFreshMs(
  outcome: Dated | LinkIndexFailure,
  { freshMs, negativeMs }: Lifetimes,
  nowMs: number,
): number {
  if (outcome.kind === 'failure' || isFromFuture(outcome.fetchedAtMs, nowMs)) return 0;
  const lifetimeMs = outcome.kind === 'no-data' ? negativeMs : freshMs;
  return Math.min(lifetimeMs, Math.max(0, outcome.fetchedAtMs + lifetimeMs - nowMs));
}

/** A call that may have been billed is not repeated for this long, so that a reload does not buy again, in milliseconds. */
const MINUTE_MS = 60_000;
/** A key with an answer is not refreshed again for this long after a failed refresh, in milliseconds. */
const FAILED_REFRESH_MS = 30_000;

/** How long a failure is remembered where there is no answer to serve, in milliseconds. */
export function failureLifetimeMs({ error }: LinkIndexFailure, { negativeMs }: Lifetimes): number {
  switch (error.verdict.rememberFor) {
    case 'negative':
      return negativeMs;
    case 'minute':
      return MINUTE_MS;
    case 'none':
      return 0;
  }
}

/** How long a key with an answer to serve is not refreshed after this failure, in milliseconds. */
export function refreshPauseMs(failure: LinkIndexFailure, lifetimes: Lifetimes): number {
  const { verdict, pausedBy, retryAfterSeconds = 0 } = failure.error;
  // A breaker decides by itself when it closes, which may be earlier than it announced.
  if (pausedBy !== undefined) return 0;
  // The same holds for a refusal of ours (budget, overload).
  const retryAfterMs = verdict.wasAttempted ? retryAfterSeconds * 1000 : 0;
  return Math.max(FAILED_REFRESH_MS, retryAfterMs, failureLifetimeMs(failure, lifetimes));
}

/** Whether a failure still keeps its key from being bought. */
export function isPausing({ outcome, untilMs }: NonNullable<Entry['failure']>, nowMs: number): boolean {
  return nowMs < untilMs && !isFromFuture(outcome.failedAtMs, nowMs);
}

/** When a stored outcome is of no use to anybody, in milliseconds since the epoch; `undefined`: it is not stored. */
export function expiresAtMsOf(outcome: LinkIndexOutcome, lifetimes: Lifetimes): number | undefined {
  switch (outcome.kind) {
    case 'answer':
      return outcome.fetchedAtMs + maxAgeMs(lifetimes);
    case 'no-data':
      return outcome.fetchedAtMs + lifetimes.negativeMs;
    case 'failure': {
      const lifetimeMs = failureLifetimeMs(outcome, lifetimes);
      return lifetimeMs > 0 ? outcome.failedAtMs + lifetimeMs : undefined;
    }
  }
}

/** What to do with a key. */
export type Decision =
  /** Serve it; with `isDue`, refresh it in the background. */
  | { readonly kind: 'serve'; readonly outcome: LinkIndexOutcome; readonly isDue: boolean }
  /** Buy it. Serve the fallback only if the purchase fails or takes too long. */
  | { readonly kind: 'miss'; readonly fallback: LinkIndexAnswer | undefined };

/** A pure function of what is remembered, the configuration and the time. */
export function decide({ answer, failure }: Entry = {}, lifetimes: Lifetimes, nowMs: number): Decision {
  const paused = failure !== undefined && isPausing(failure, nowMs) ? failure.outcome : undefined;
  const freshness = answer === undefined ? 'expired' : freshnessOf(answer, lifetimes, nowMs);
  if (answer === undefined || freshness === 'expired')
    return paused ? serve(paused) : { kind: 'miss', fallback: undefined };
  if (answer.kind === 'no-data') return serve(answer);
  switch (freshness) {
    case 'fresh':
      return serve(expand(answer));
    case 'stale-while-revalidate':
      return serve(markStale(expand(answer), paused !== undefined), paused === undefined);
    case 'stale-if-error':
      if (paused === undefined) return { kind: 'miss', fallback: expand(answer) };
      return serve(paused.error.verdict.overridesStale ? paused : markStale(expand(answer), true));
  }
}

function serve(outcome: LinkIndexOutcome, isDue = false): Decision {
  return { kind: 'serve', outcome, isDue };
}

/** @param hasFailed whether its last refresh failed or is not allowed */
export function markStale(answer: LinkIndexAnswer, hasFailed: boolean): LinkIndexAnswer {
  return { ...answer, freshness: hasFailed ? 'STALE_UPSTREAM_FAILED' : 'STALE_REVALIDATING' };
}
