import type { LinkIndexOutcome, Policy } from '../../domain/link-index.ts';
import { sleep, type Timers } from '../../domain/time.ts';
import type { UpstreamError } from '../../domain/upstream-error.ts';
import { MAX_RATE_LIMIT_WAIT_SECONDS } from './admission.ts';
import { createSlidingWindow } from './sliding-window.ts';

export interface RetryOptions {
  /** Attempts per answer, the first included. */
  readonly maxAttempts: number;
  readonly budget: RetryBudget;
  readonly timers: Timers;
  /** Ends every backoff; what is around the attempts then refuses the next one. */
  readonly stopping: AbortSignal;
  /** A number from 0 to 1 for jitter. */
  readonly random: () => number;
}

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 10_000;

/** Repeats attempts that are known to be unbilled and may succeed now, by the verdict of each outcome. */
export function retry({ maxAttempts, budget, timers, stopping, random }: RetryOptions): Policy {
  /** Full jitter, after M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. */
  const backoffMs = (attempt: number) => random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));

  /** How long to wait before the call is sent again, in milliseconds; undefined is never. */
  function waitBeforeRepeatMs(error: UpstreamError, attempt: number): number | undefined {
    if (attempt >= maxAttempts) return undefined;
    switch (error.verdict.repeat) {
      case 'never':
        return undefined;
      case 'later': // the admission delays every call as long as it must
        return (error.retryAfterSeconds ?? 0) <= MAX_RATE_LIMIT_WAIT_SECONDS ? 0 : undefined;
      case 'now':
        return backoffMs(attempt);
      case 'within-budget':
        return budget.take() ? backoffMs(attempt) : undefined;
    }
  }

  return (next) => ({
    async read(key, options): Promise<LinkIndexOutcome> {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = { ...(await next.read(key, { ...options, attempt })), attempts: attempt };
        const wasAttempted = outcome.kind !== 'failure' || outcome.error.verdict.wasAttempted;
        if (wasAttempted) budget.noteAttempt();
        const waitMs = outcome.kind === 'failure' ? waitBeforeRepeatMs(outcome.error, attempt) : undefined;
        if (waitMs === undefined) return outcome;
        if (waitMs > 0) await sleep(timers, waitMs, stopping);
      }
    },
  });
}

/** The sliding window of the retry budget, in milliseconds. */
const WINDOW_MS = 10_000;
/** Extra attempts as a share of all attempts within the window. */
const MAX_SHARE = 0.1;
/** So many extra attempts are always allowed within the window, or a quiet gateway could never repeat anything. */
const FLOOR = 10;

/**
 * Keeps a failing upstream from being hammered: all calls together may add at most 10 % extra attempts.
 *
 * @see Beyer et al., "Site Reliability Engineering", chapter 21: a per-client retry budget of 10 %
 */
export interface RetryBudget {
  noteAttempt(): void;
  /** Takes one extra attempt, if there is one left. */
  take(): boolean;
}

/** @param clock milliseconds, never set back */
export function createRetryBudget(clock: () => number): RetryBudget {
  const attempts = createSlidingWindow(WINDOW_MS, clock);
  const extra = createSlidingWindow(WINDOW_MS, clock);

  return {
    noteAttempt: () => attempts.add(),
    take() {
      if (extra.total() >= Math.max(FLOOR, attempts.total() * MAX_SHARE)) return false;
      extra.add();
      return true;
    },
  };
}
