import type { Billed } from '../../domain/verdicts.ts';

/** What was spent on one day of `BUDGET_TIME_ZONE`, in calls. */
export interface DaySpending {
  /** The day of the reservations, as YYYY-MM-DD. */
  readonly day: string;
  readonly billed: number;
  /** May have been billed, and counts as spent. */
  readonly unknown: number;
  /** Reserved and not settled: calls in flight. They count as spent as well. */
  readonly open: number;
}

/** What counts as spent: calls in flight and those of unknown outcome as well. */
export function spentIn({ billed, unknown, open }: Omit<DaySpending, 'day'>): number {
  return billed + unknown + open;
}

/** What is left of a budget, in calls; undefined without one. */
export function remainingOf(today: DaySpending, dailyBudget: number | undefined): number | undefined {
  return dailyBudget === undefined ? undefined : Math.max(0, dailyBudget - spentIn(today));
}

/** One call that may cost money, from before it is sent until its end is known. */
export interface Reservation {
  /** Never rejects: the ledger handles an unavailable store itself. */
  settle(billed: Billed): Promise<void>;
}

export interface ReservationRequest {
  /** In place of the ledger's own. */
  readonly budget?: number | undefined;
  /** The purchase that it is for, by the token of its lease; undefined where purchases have none. */
  readonly flight?: string | undefined;
}

/**
 * Counts what is spent. A call is reserved before it is sent and settled after it, so a crash leaves a named
 * question and not a silent overspend.
 */
export interface Ledger {
  /** Never rejects. Undefined when the budget of the day is used up. */
  reserve(request?: ReservationRequest): Promise<Reservation | undefined>;
  /** Whether the last that is known leaves no room for another call. */
  isExhausted(): boolean;
  /** Whether it was ever read; until then a budget buys nothing. */
  isKnown(): boolean;
  today(): DaySpending;
  /** Until the next day begins, in milliseconds. */
  msToNextDay(): number;
  /** Stores what is left. */
  close(): Promise<void>;
}

/** A ledger for each client that has led a purchase: what it spent of its own limit. */
export interface ClientLedgers {
  of(client: string): Ledger;
  /** What each client has spent today, by its name. */
  today(): Readonly<Record<string, DaySpending>>;
  close(): Promise<void>;
}

/** @param open opens the ledger of a client; what it spent before, where that is kept, is in it */
export function createClientLedgers(open: (client: string) => Ledger): ClientLedgers {
  const ledgers = new Map<string, Ledger>();

  return {
    of(client) {
      const ledger = ledgers.get(client) ?? open(client);
      ledgers.set(client, ledger);
      return ledger;
    },
    today: () => Object.fromEntries([...ledgers].map(([client, ledger]) => [client, ledger.today()])),
    async close() {
      await Promise.all([...ledgers.values()].map((ledger) => ledger.close()));
    },
  };
}

const CLIENT_PART = ' client ';

/** The scope under which a file keeps a client's spending, beside that of the account. A client's name holds no space. */
export function clientScopeOf(scope: string, client: string): string {
  return `${scope}${CLIENT_PART}${client}`;
}

/** A call that a client led is reserved twice: for the account, and for the client. */
export function isClientScope(scope: string): boolean {
  return scope.includes(CLIENT_PART);
}
