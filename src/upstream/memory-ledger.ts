import type { Billed } from './business-codes.ts';
import { type DaySpending, type Ledger, spentIn, utcDayOf } from './ledger.ts';

export interface MemoryLedgerOptions {
  /** Billed calls per UTC day; undefined is no limit, 0 buys nothing. */
  readonly dailyBudget: number | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** A ledger that ends with the process. */
export function createMemoryLedger({ dailyBudget = Number.POSITIVE_INFINITY, clock }: MemoryLedgerOptions): Ledger {
  let spending: Mutable<DaySpending> = { day: '', billed: 0, unknown: 0, open: 0 };

  function today(): Mutable<DaySpending> {
    const day = utcDayOf(clock());
    if (spending.day !== day) spending = { day, billed: 0, unknown: 0, open: 0 };
    return spending;
  }

  function isUsedUp(budget: number): boolean {
    return spentIn(today()) >= budget;
  }

  return {
    async reserve({ budget = dailyBudget } = {}) {
      if (isUsedUp(budget)) return undefined;
      const ofDay = today();
      ofDay.open += 1;
      return {
        async settle(billed: Billed) {
          ofDay.open -= 1;
          if (billed === 'yes') ofDay.billed += 1;
          if (billed === 'unknown') ofDay.unknown += 1;
        },
      };
    },
    isExhausted: () => isUsedUp(dailyBudget),
    isKnown: () => true,
    today: () => ({ ...today() }),
    close: async () => {},
  };
}

type Mutable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };
