import type { LinkIndexOutcome, LinkIndexSource } from '../../domain/link-index.ts';
import { sleep, type Timers } from '../../domain/time.ts';
import type { UpstreamError } from '../../domain/upstream-error.ts';
import { MAX_RATE_LIMIT_WAIT_SECONDS } from './admission.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  readonly source: LinkIndexSource;
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

/** Repeats what is known to be unbilled and may succeed now; the verdict of each outcome says so. */
export function createRetry({ source, maxAttempts, budget, timers, stopping, random }: RetryOptions): LinkIndexSource {
  /** Full jitter, after M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. */
  const backoffMs = (attempt: number) => random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));

  /** How long to wait before the call is sent again, in milliseconds; undefined is never. */
  function waitBeforeRepeatMs(error: UpstreamError, attempt: number): number | undefined {
    if (attempt >= maxAttempts) return undefined;
    switch (error.verdict.repeat) {
      case 'never':
        return undefined;
      case 'later': // the admission holds everybody back as long as it must
        return (error.retryAfterSeconds ?? 0) <= MAX_RATE_LIMIT_WAIT_SECONDS ? 0 : undefined;
      case 'now':
        return backoffMs(attempt);
      case 'within-budget':
        return budget.take() ? backoffMs(attempt) : undefined;
    }
  }

  return {
    async read(key, options): Promise<LinkIndexOutcome> {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = { ...(await source.read(key, { ...options, attempt })), attempts: attempt };
        const wasAttempted = outcome.kind !== 'failure' || outcome.error.verdict.wasAttempted;
        if (wasAttempted) budget.noteAttempt();
        const waitMs = outcome.kind === 'failure' ? waitBeforeRepeatMs(outcome.error, attempt) : undefined;
        if (waitMs === undefined) return outcome;
        if (waitMs > 0) await sleep(timers, waitMs, stopping);
      }
    },
  };
}
