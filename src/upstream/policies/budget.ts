import { billedOf, type LinkIndexOutcome, type Policy } from '../../domain/link-index.ts';
import { UpstreamError } from '../../domain/upstream-error.ts';
import { type Billed, BUDGET_EXHAUSTED, CLIENT_BUDGET_EXHAUSTED, LEDGER_UNREADABLE } from '../../domain/verdicts.ts';
import type { ClientLedgers, Ledger, Reservation } from '../ledger/ledger.ts';

export interface BudgetOptions {
  readonly ledger: Ledger;
  readonly clients: ClientLedgers;
  readonly clock: () => number;
}

/** Reserves each attempt before it is sent and settles it when its outcome is known, for the account and for the client that caused it. */
export function spendWithinBudget({ ledger, clients, clock }: BudgetOptions): Policy {
  const refused = (error: UpstreamError): LinkIndexOutcome => ({ kind: 'failure', error, failedAtMs: clock() });

  return (next) => ({
    async read(key, options): Promise<LinkIndexOutcome> {
      const { payer } = options.requester;
      const flight = options.lease?.token;
      const reservations: Reservation[] = [];
      let billed: Billed = 'no';
      try {
        if (payer) {
          const clientLedger = clients.of(payer.name);
          const ofClient = await clientLedger.reserve({ budget: payer.billedPerDay, flight });
          if (ofClient === undefined) return refused(clientBudgetExhausted(clientLedger));
          reservations.push(ofClient);
        }
        const ofAccount = await ledger.reserve({ flight });
        if (ofAccount === undefined) return refused(budgetExhausted(ledger));
        reservations.push(ofAccount);
        billed = 'unknown';
        const outcome = await next.read(key, options);
        billed = billedOf(outcome);
        return outcome;
      } finally {
        await Promise.all(reservations.map((reservation) => reservation.settle(billed)));
        if (billed === 'yes') options.requester.billedCalls += 1;
      }
    },
  });
}

export function budgetExhausted(ledger: Ledger): UpstreamError {
  if (!ledger.isKnown()) return new UpstreamError(LEDGER_UNREADABLE, { retryAfterSeconds: 5 });
  return new UpstreamError(BUDGET_EXHAUSTED, { retryAfterSeconds: secondsToNextDay(ledger) });
}

export function clientBudgetExhausted(ledger: Ledger): UpstreamError {
  return new UpstreamError(CLIENT_BUDGET_EXHAUSTED, { retryAfterSeconds: secondsToNextDay(ledger) });
}

function secondsToNextDay(ledger: Ledger): number {
  return Math.ceil(ledger.msToNextDay() / 1000);
}
