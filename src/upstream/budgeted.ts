import { type Billed, BUDGET_EXHAUSTED, LEDGER_UNREADABLE } from './business-codes.ts';
import { type Ledger, msToNextUtcDay } from './ledger.ts';
import type { LinkIndexOutcome, LinkIndexSource } from './link-index-source.ts';
import { UpstreamError } from './upstream-error.ts';

export interface BudgetedOptions {
  readonly source: LinkIndexSource;
  readonly ledger: Ledger;
  readonly clock: () => number;
}

/** Books every attempt: reserved before it is sent, settled when its end is known. */
export function createBudgeted({ source, ledger, clock }: BudgetedOptions): LinkIndexSource {
  return {
    async read(key, options): Promise<LinkIndexOutcome> {
      const reservation = await ledger.reserve();
      if (reservation === undefined) {
        return { kind: 'failure', error: budgetExhausted(ledger, clock()), failedAtMs: clock() };
      }
      let billed: Billed = 'unknown';
      try {
        const outcome = await source.read(key, options);
        billed = billedOf(outcome);
        return outcome;
      } finally {
        await reservation.settle(billed);
        if (billed === 'yes') options.requester.billedCalls += 1;
      }
    },
  };
}

export function budgetExhausted(ledger: Ledger, nowMs: number): UpstreamError {
  if (!ledger.isKnown()) return new UpstreamError(LEDGER_UNREADABLE, { retryAfterSeconds: 5 });
  return new UpstreamError(BUDGET_EXHAUSTED, { retryAfterSeconds: Math.ceil(msToNextUtcDay(nowMs) / 1000) });
}

export function billedOf(outcome: LinkIndexOutcome): Billed {
  return outcome.kind === 'failure' ? outcome.error.verdict.billed : 'yes';
}
