import { randomUUID } from 'node:crypto';
import {
  type DaySpending,
  type Ledger,
  msToNextUtcDay,
  nearestDaysOf,
  type Reservation,
  spentIn,
  utcDayOf,
} from './ledger.ts';
import type { BookedSpending, Settlement, SpendingBooks } from './spending-books.ts';
import { STORE_PATIENCE_MS, type Timers, within } from './timers.ts';

/** How long a refusal for the budget stands before the books are asked again, in milliseconds: another replica may have given calls back. */
const EXHAUSTED_MS = 1000;
/** How often what the books did not take is offered to them again, in milliseconds. */
const RESETTLE_MS = 1000;

export interface StoredLedgerOptions {
  readonly books: SpendingBooks;
  /** Undefined is no limit. */
  readonly dailyBudget: number | undefined;
  /** Among how many replicas a budget is divided while the books are away. Default 1. */
  readonly sharers?: () => number;
  /** Whether books that were never read leave a share of the budget all the same. Default false: they leave nothing. */
  readonly mayStartBlind?: boolean;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly onError?: (operation: 'reserve' | 'settle', error: unknown) => void;
}

export interface StoredLedger extends Ledger {
  /** Reads what is spent today. @throws when the books cannot tell; until they can, a budget buys nothing */
  load(): Promise<void>;
}

/** What the books have still to be told. */
interface Unsettled {
  readonly settlement: Settlement;
  /** While they are being told. */
  offering?: Promise<void> | undefined;
}

/**
 * A ledger whose books are kept outside of the process. While they are away it counts on in memory from what it last
 * knew, and books that when they are back; with a budget and books that were never read, nothing may be bought.
 */
export function createStoredLedger(options: StoredLedgerOptions): StoredLedger {
  const { books, dailyBudget, sharers = () => 1, mayStartBlind = false, clock, timers, onError } = options;
  /** The last that the books said of the day, and never less than they said before. */
  let known: ({ readonly day: string } & BookedSpending) | undefined;
  const unsettled = new Set<Unsettled>();
  /** What is spent without the books, by its day; it counts here until they have taken it. */
  const unbooked = new Map<string, { open: number; readonly settlements: Set<Settlement> }>();
  /** Days of the reservations in the books that this process has not settled; books made anew do not know them. */
  const ownOpenDays = new Map<object, string>();
  let exhaustedUntilMs = 0;
  let cancelSettling: (() => void) | undefined;

  /** A store whose clock is ahead of ours has begun its day before we have. */
  function currentDay(): string {
    const day = utcDayOf(clock());
    return known !== undefined && known.day > day ? known.day : day;
  }

  function learn(day: string, { billed, unknown, open }: BookedSpending): void {
    if (known !== undefined && day < known.day) return;
    const before = known?.day === day ? known : { billed: 0, unknown: 0 };
    const ownOpen = [...ownOpenDays.values()].filter((each) => each === day).length;
    known = {
      day,
      billed: Math.max(billed, before.billed),
      unknown: Math.max(unknown, before.unknown),
      open: Math.max(open, ownOpen),
    };
    // A day that has grown smaller is one in books that were lost and made anew.
    if (known.billed === billed && known.unknown === unknown) return;
    books.raise({ day, billed: known.billed, unknown: known.unknown }).catch((error: unknown) => {
      onError?.('settle', error);
    });
  }

  function unbookedOn(day: string): BookedSpending {
    const { open = 0, settlements = [] } = unbooked.get(day) ?? {};
    let [billed, unknown] = [0, 0];
    for (const settlement of settlements) {
      billed += settlement.billed;
      unknown += settlement.unknown;
    }
    return { billed, unknown, open };
  }

  function knownOn(day: string): BookedSpending {
    return known?.day === day ? known : { billed: 0, unknown: 0, open: 0 };
  }

  function spentOn(day: string): DaySpending {
    const [stored, own] = [knownOn(day), unbookedOn(day)];
    return {
      day,
      billed: stored.billed + own.billed,
      unknown: stored.unknown + own.unknown,
      open: stored.open + own.open,
    };
  }

  /** What this process may spend of a day without the books, in calls. */
  function shareOf(day: string, budget: number): number {
    if (known === undefined && !mayStartBlind) return 0;
    return Math.floor((budget - spentIn(knownOn(day))) / sharers());
  }

  async function reserveInBooks(
    id: string,
    budget: number | undefined,
    flight: string | undefined,
  ): Promise<Reservation | undefined> {
    // Else what is just being booked would be counted in both places.
    if (spentIn(unbookedOn(currentDay())) > 0) await settleAll().catch(() => {});
    const room = budget === undefined ? undefined : budget - spentIn(unbookedOn(currentDay()));
    const { day, isGranted, spending } = await books.reserve({
      ...{ id, flight, budget: room },
      days: nearestDaysOf(clock()),
    });
    const reservation: Reservation = {
      settle(outcome) {
        ownOpenDays.delete(reservation);
        return settleLater({ id, day, billed: Number(outcome === 'yes'), unknown: Number(outcome === 'unknown') });
      },
    };
    if (isGranted) ownOpenDays.set(reservation, day);
    learn(day, spending);
    if (!isGranted) return undefined;
    // Meanwhile memory may have given away the same calls.
    if (spentIn(spentOn(day)) <= (budget ?? Number.POSITIVE_INFINITY)) return reservation;
    await reservation.settle('no');
    return undefined;
  }

  function reserveInMemory(day: string, budget: number | undefined): Reservation | undefined {
    if (budget !== undefined && spentIn(unbookedOn(day)) >= shareOf(day, budget)) return undefined;
    const own = unbooked.get(day) ?? { open: 0, settlements: new Set() };
    unbooked.set(day, own);
    own.open += 1;
    return {
      settle(outcome) {
        own.open -= 1;
        if (outcome === 'no') return offerRest();
        const settlement = {
          id: randomUUID(),
          day,
          billed: Number(outcome === 'yes'),
          unknown: Number(outcome === 'unknown'),
        };
        own.settlements.add(settlement);
        return settleLater(settlement);
      },
    };
  }

  function settleLater(settlement: Settlement): Promise<void> {
    unsettled.add({ settlement });
    return offerRest();
  }

  async function tell(each: Unsettled): Promise<void> {
    const { settlement } = each;
    const spending = await books.settle(settlement, knownOn(settlement.day));
    unsettled.delete(each);
    const own = unbooked.get(settlement.day);
    own?.settlements.delete(settlement);
    if (own?.open === 0 && own.settlements.size === 0) unbooked.delete(settlement.day);
    learn(settlement.day, spending);
  }

  /** Rejects when the books did not take all of it; what is on its way already, whoever sent it sends again. */
  async function settleAll(): Promise<void> {
    const offers = [...unsettled].map((each) => {
      if (each.offering) return each.offering.catch(() => {});
      each.offering = tell(each).finally(() => {
        each.offering = undefined;
      });
      return each.offering;
    });
    await Promise.all(offers);
  }

  /** What the books do not take stays open in them, so nothing is forgotten, and is offered again. */
  function offerRest(): Promise<void> {
    return within(timers, STORE_PATIENCE_MS, settleAll()).catch((error: unknown) => {
      onError?.('settle', error);
      scheduleSettling();
    });
  }

  function scheduleSettling(): void {
    cancelSettling ??= timers.after(RESETTLE_MS, () => {
      cancelSettling = undefined;
      void offerRest();
    });
  }

  return {
    async load() {
      const { day, spending } = await books.today(nearestDaysOf(clock()));
      learn(day, spending);
    },
    async reserve({ budget = dailyBudget, flight } = {}) {
      const day = currentDay();
      const id = randomUUID();
      const inBooks = reserveInBooks(id, budget, flight);
      let reservation: Reservation | undefined;
      try {
        reservation = await within(timers, STORE_PATIENCE_MS, inBooks);
      } catch (error) {
        onError?.('reserve', error);
        // What the books reserve all the same is given back, for it is counted here already.
        const giveBack = () => settleLater({ id, day, billed: 0, unknown: 0 });
        inBooks.then((late) => late?.settle('no'), giveBack);
        reservation = reserveInMemory(day, budget);
      }
      if (reservation === undefined) {
        exhaustedUntilMs = clock() + Math.min(EXHAUSTED_MS, msToNextUtcDay(clock()));
      }
      return reservation;
    },
    isExhausted() {
      const leftMs = exhaustedUntilMs - clock();
      return leftMs > 0 && leftMs <= EXHAUSTED_MS; // more, where the clock was set back
    },
    isKnown: () => known !== undefined || mayStartBlind,
    today: () => spentOn(currentDay()),
    async close() {
      cancelSettling?.();
      // What is on its way may still fail; then it is sent a last time.
      const rest = settleAll().then(settleAll, settleAll);
      await within(timers, STORE_PATIENCE_MS * 20, rest).catch(() => {});
    },
  };
}
