import { randomUUID } from 'node:crypto';
import { STORE_PATIENCE_MS, type Timers, within } from '../../domain/time.ts';
import type { Billed } from '../../domain/verdicts.ts';
import type { ZoneDays } from '../../domain/zone-days.ts';
import { type DaySpending, type Ledger, type Reservation, spentIn } from './ledger.ts';
import { type Cost, createSettlementQueue } from './settlement-queue.ts';
import type { SpendingStore, StoredSpending } from './spending-store.ts';

/** How long a refusal for the budget holds before the store is read again, in milliseconds: another replica may have given calls back. */
const EXHAUSTED_MS = 1000;

export interface StoredLedgerOptions {
  readonly spendingStore: SpendingStore;
  /** Undefined is no limit. */
  readonly dailyBudget: number | undefined;
  /** Those of `BUDGET_TIME_ZONE`. */
  readonly days: ZoneDays;
  /** Among how many replicas a budget is divided while the store is unavailable. Default 1. */
  readonly sharers?: () => number;
  /** Whether a share of the budget may be spent before the store was read for the first time. Default false: nothing may. */
  readonly mayStartBlind?: boolean;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly onError?: (operation: 'reserve' | 'settle', error: unknown) => void;
}

export interface StoredLedger extends Ledger {
  /** Reads what is spent today. @throws when the store fails; until it was read, a budget buys nothing */
  load(): Promise<void>;
}

/**
 * A ledger whose counts are stored outside of the process. While the store is unavailable it counts in memory, from the last
 * counts that it knew, and stores that later. With a budget and a store that was never read, nothing may be bought.
 */
export function createStoredLedger(options: StoredLedgerOptions): StoredLedger {
  const {
    spendingStore,
    dailyBudget,
    days,
    sharers = () => 1,
    mayStartBlind = false,
    clock,
    timers,
    onError,
  } = options;
  /** The last counts of the day from the store; they never become smaller. */
  let known: ({ readonly day: string } & StoredSpending) | undefined;
  /** How many stored reservations this process has not settled, by their day; a store that lost its data has none. */
  const ownOpen = new Map<string, number>();
  const queue = createSettlementQueue({
    ...{ spendingStore, timers, knownOn },
    onStored: learn,
    onError: (error) => onError?.('settle', error),
  });
  let exhaustedUntilMs = 0;

  /** A store whose clock is ahead may have begun the next day before we have. Any other day to come is one of a clock that was wrong. */
  function currentDay(): string {
    const { name: day } = days.at(clock());
    const { after } = days.nearestTo(clock());
    return known !== undefined && known.day > day && known.day === after ? after : day;
  }

  function learn(day: string, { billed, unknown, open }: StoredSpending): void {
    if (known !== undefined && day < known.day && known.day <= currentDay()) return;
    const before = known?.day === day ? known : { billed: 0, unknown: 0 };
    known = {
      day,
      billed: Math.max(billed, before.billed),
      unknown: Math.max(unknown, before.unknown),
      open: Math.max(open, ownOpen.get(day) ?? 0),
    };
    // Counts that have become smaller are those of a store that lost its data.
    if (known.billed === billed && known.unknown === unknown) return;
    spendingStore.raise({ day, billed: known.billed, unknown: known.unknown }).catch((error: unknown) => {
      onError?.('settle', error);
    });
  }

  function countOwnOpen(day: string, change: 1 | -1): void {
    const count = (ownOpen.get(day) ?? 0) + change;
    if (count === 0) ownOpen.delete(day);
    else ownOpen.set(day, count);
  }

  function knownOn(day: string): StoredSpending {
    return known?.day === day ? known : { billed: 0, unknown: 0, open: 0 };
  }

  function spentOn(day: string): DaySpending {
    const [stored, own] = [knownOn(day), queue.unstoredOn(day)];
    return {
      day,
      billed: stored.billed + own.billed,
      unknown: stored.unknown + own.unknown,
      open: stored.open + own.open,
    };
  }

  /** What this process may spend of a day while the store is unavailable, in calls. */
  function shareOf(day: string, budget: number): number {
    if (known === undefined && !mayStartBlind) return 0;
    return Math.floor((budget - spentIn(knownOn(day))) / sharers());
  }

  async function reserveInStore(
    id: string,
    budget: number | undefined,
    flight: string | undefined,
  ): Promise<Reservation | undefined> {
    // Otherwise what is being stored now would be counted twice. A store that does not take it gets no reservation.
    if (queue.isWaiting) await queue.flush();
    const today = currentDay();
    const room = budget === undefined ? undefined : budget - spentIn(queue.unstoredOn(today));
    const reserving = spendingStore.reserve({ ...{ id, flight, budget: room }, days: days.nearestTo(clock()) });
    const { day, isGranted, spending } = await reserving.catch((error: unknown) => {
      // What they reserved all the same is given back, for memory counts the call.
      queue.settleLater({ id, day: today, billed: 0, unknown: 0 });
      throw error;
    });
    if (isGranted) countOwnOpen(day, 1);
    learn(day, spending);
    if (!isGranted) return undefined;
    const reservation: Reservation = {
      settle(outcome) {
        countOwnOpen(day, -1);
        return queue.settle({ id, day, ...costOf(outcome) });
      },
    };
    // Meanwhile memory may have given away the same calls.
    if (spentIn(spentOn(day)) <= (budget ?? Number.POSITIVE_INFINITY)) return reservation;
    await reservation.settle('no');
    return undefined;
  }

  function reserveInMemory(day: string, budget: number | undefined): Reservation | undefined {
    if (budget !== undefined && spentIn(queue.unstoredOn(day)) >= shareOf(day, budget)) return undefined;
    const end = queue.openInMemory(day);
    return { settle: (outcome) => end(costOf(outcome)) };
  }

  return {
    async load() {
      const { day, spending } = await spendingStore.today(days.nearestTo(clock()));
      learn(day, spending);
    },
    async reserve({ budget = dailyBudget, flight } = {}) {
      const day = currentDay();
      const id = randomUUID();
      const inStore = reserveInStore(id, budget, flight);
      let reservation: Reservation | undefined;
      try {
        reservation = await within(timers, STORE_PATIENCE_MS, inStore);
      } catch (error) {
        onError?.('reserve', error);
        // A reservation that is granted too late is given back, because memory counts the call.
        inStore.then(
          (late) => late?.settle('no'),
          () => {},
        );
        reservation = reserveInMemory(day, budget);
      }
      if (reservation === undefined) {
        exhaustedUntilMs = clock() + Math.min(EXHAUSTED_MS, days.msToNext(clock()));
      }
      return reservation;
    },
    isExhausted() {
      const leftMs = exhaustedUntilMs - clock();
      return leftMs > 0 && leftMs <= EXHAUSTED_MS; // more, where the clock was set back
    },
    isKnown: () => known !== undefined || mayStartBlind,
    today: () => spentOn(currentDay()),
    msToNextDay: () => days.msToNext(clock()),
    close: () => queue.close(),
  };
}

function costOf(outcome: Billed): Cost {
  return { billed: Number(outcome === 'yes'), unknown: Number(outcome === 'unknown') };
}
