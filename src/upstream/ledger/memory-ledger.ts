import type { Billed } from '../../domain/verdicts.ts';
import type { ZoneDays } from '../../domain/zone-days.ts';
import { type DaySpending, type Ledger, spentIn } from './ledger.ts';

export interface MemoryLedgerOptions {
  /** Billed calls per day; undefined is no limit, 0 buys nothing. */
  readonly dailyBudget: number | undefined;
  /** Those of `BUDGET_TIME_ZONE`. */
  readonly days: ZoneDays;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** A ledger that ends with the process. */
export function createMemoryLedger({
  dailyBudget = Number.POSITIVE_INFINITY,
  days,
  clock,
}: MemoryLedgerOptions): Ledger {
  let spending: Mutable<DaySpending> = { day: '', billed: 0, unknown: 0, open: 0 };

  function today(): Mutable<DaySpending> {
    const { name: day } = days.at(clock());
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
    msToNextDay: () => days.msToNext(clock()),
    close: async () => {},
  };
}

type Mutable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };
