import { createAdmission } from './admission.ts';
import { createBreakers } from './breakers.ts';
import { budgetExhausted, createBudgeted } from './budgeted.ts';
import { STOPPING } from './business-codes.ts';
import type { Ledger } from './ledger.ts';
import type { LinkIndexSource } from './link-index-source.ts';
import { createRetry } from './retry.ts';
import { createRetryBudget } from './retry-budget.ts';
import type { Timers } from './timers.ts';
import { UpstreamError } from './upstream-error.ts';

export interface ShieldOptions {
  /** One attempt at a paid call. */
  readonly source: LinkIndexSource;
  readonly ledger: Ledger;
  readonly maxAttempts: number;
  readonly maxConcurrent: number;
  /** Undefined is no limit. */
  readonly maxPerSecond: number | undefined;
  readonly maxQueued: number;
  /** Off in sandbox mode, where a magic id fails only itself. */
  readonly hasBreakers: boolean;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly random: () => number;
}

export interface Shield extends LinkIndexSource {
  /** Why nothing may be asked now, if so. */
  refusal(): UpstreamError | undefined;
  /** The account has a new token. */
  forgiveAccount(): void;
  /** Starts no attempt from now on, and refuses what waits. */
  stop(): void;
}

/** What stands around an attempt, from the outside in: repeat, wait for a turn, break, book. */
export function createShield(options: ShieldOptions): Shield {
  const { source, ledger, hasBreakers, clock } = options;
  const breakers = createBreakers({ clock });
  const stopping = new AbortController();

  function refusal(): UpstreamError | undefined {
    if (stopping.signal.aborted) return new UpstreamError(STOPPING, { retryAfterSeconds: 1 });
    return (
      (hasBreakers ? breakers.refusal() : undefined) ??
      (ledger.isExhausted() ? budgetExhausted(ledger, clock()) : undefined)
    );
  }

  const booked = createBudgeted({ source, ledger, clock });
  const admission = createAdmission({
    ...options,
    source: hasBreakers ? breakers.guard(booked) : booked,
    slowsDown: hasBreakers,
    refusal,
  });
  const retrying = createRetry({
    ...options,
    source: admission,
    budget: createRetryBudget(clock),
    stopping: stopping.signal,
  });

  return {
    read: (key, readOptions) => retrying.read(key, readOptions),
    refusal: admission.refusal,
    forgiveAccount() {
      breakers.forgiveAccount();
      admission.review();
    },
    stop() {
      stopping.abort();
      admission.review();
    },
  };
}
