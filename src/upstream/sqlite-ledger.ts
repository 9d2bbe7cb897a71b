import type { Booking, SpendingRow } from '../sqlite/spending.ts';
import type { SqliteFile } from '../sqlite/sqlite-file.ts';
import { type DaySpending, type Ledger, msToNextUtcDay, type Reservation, spentIn, utcDayOf } from './ledger.ts';
import { type Timers, within } from './timers.ts';

/** A ledger that is away holds up no call by more than this, in milliseconds. */
const PATIENCE_MS = 50;
/** How long a refusal for the budget stands before the file is asked again, in milliseconds: another process may have given calls back. */
const EXHAUSTED_MS = 1000;
/** How often what the file did not take is offered to it again, in milliseconds. */
const RESETTLE_MS = 1000;

export interface SqliteLedgerOptions {
  readonly file: SqliteFile;
  /** One account at one upstream. */
  readonly scope: string;
  /** Undefined is no limit. */
  readonly dailyBudget: number | undefined;
  /** This process among those that share the file. */
  readonly owner: { readonly name: string; readonly pid: number };
  readonly clock: () => number;
  readonly timers: Timers;
  readonly onError?: (operation: 'reserve' | 'settle', error: unknown) => void;
}

export interface SqliteLedger extends Ledger {
  /** Reads what is spent today. @throws when the file cannot tell; until it can, a budget buys nothing */
  load(): Promise<void>;
}

/** Spent without the file; while it is being offered to the file it still counts here. */
interface Unbooked {
  billed: number;
  unknown: number;
  open: number;
  isOffered: boolean;
}

interface Unsettled {
  readonly settlement: Booking & { readonly id: number };
  isOffered: boolean;
}

/**
 * A ledger in a SQLite file. While the file is away it counts on in memory from what it last knew, and books that when
 * the file is back; with a budget and a file that was never read, nothing may be bought.
 */
export function createSqliteLedger(options: SqliteLedgerOptions): SqliteLedger {
  const { file, scope, dailyBudget, owner, clock, timers, onError } = options;
  /** The last that the file said of the day, and never less than it said before. */
  let known: ({ readonly day: string } & SpendingRow) | undefined;
  const unbooked = new Map<string, Unbooked>();
  const unsettled = new Set<Unsettled>();
  /** Days of the reservations in the file that this process has not settled; a file made anew does not know them. */
  const ownOpenDays = new Map<object, string>();
  let exhaustedUntilMs = 0;
  let cancelSettling: (() => void) | undefined;

  function learn(day: string, { billed, unknown, open }: SpendingRow): void {
    if (day !== utcDayOf(clock())) return;
    const before = known?.day === day ? known : { billed: 0, unknown: 0 };
    const ownOpen = [...ownOpenDays.values()].filter((each) => each === day).length;
    known = {
      day,
      billed: Math.max(billed, before.billed),
      unknown: Math.max(unknown, before.unknown),
      open: Math.max(open, ownOpen),
    };
    // A day that has grown smaller is one in a file that was deleted and made anew.
    if (known.billed === billed && known.unknown === unknown) return;
    file.call('raise', { scope, day, billed: known.billed, unknown: known.unknown }).catch((error: unknown) => {
      onError?.('settle', error);
    });
  }

  function spentOn(day: string): DaySpending {
    const stored = known?.day === day ? known : { billed: 0, unknown: 0, open: 0 };
    const own = unbooked.get(day) ?? { billed: 0, unknown: 0, open: 0 };
    const { billed, unknown, open } = stored;
    return { day, billed: billed + own.billed, unknown: unknown + own.unknown, open: open + own.open };
  }

  async function reserveInFile(day: string, budget: number | undefined): Promise<Reservation | undefined> {
    await book();
    const own = unbooked.get(day);
    const { id, spending } = await file.call('reserve', {
      scope,
      day,
      owner: owner.name,
      pid: owner.pid,
      atMs: clock(),
      budget: budget === undefined ? null : budget - (own ? own.billed + own.unknown + own.open : 0),
    });
    const reservation: Reservation = {
      settle(outcome) {
        ownOpenDays.delete(reservation);
        const billed = Number(outcome === 'yes');
        const unknown = Number(outcome === 'unknown');
        if (id !== null) unsettled.add({ settlement: { id, scope, day, billed, unknown }, isOffered: false });
        return offerRest();
      },
    };
    if (id !== null) ownOpenDays.set(reservation, day);
    learn(day, spending);
    if (id === null) return undefined;
    // Meanwhile memory may have given away the same calls.
    if (spentIn(spentOn(day)) <= (budget ?? Number.POSITIVE_INFINITY)) return reservation;
    await reservation.settle('no');
    return undefined;
  }

  function reserveInMemory(day: string, budget: number | undefined): Reservation | undefined {
    if (budget !== undefined && (known === undefined || spentIn(spentOn(day)) >= budget)) return undefined;
    const own = unbooked.get(day) ?? { billed: 0, unknown: 0, open: 0, isOffered: false };
    unbooked.set(day, own);
    own.open += 1;
    return {
      settle(outcome) {
        own.open -= 1;
        if (outcome === 'yes') own.billed += 1;
        if (outcome === 'unknown') own.unknown += 1;
        unbooked.set(day, own);
        return offerRest();
      },
    };
  }

  async function book(): Promise<void> {
    for (const [day, own] of unbooked) {
      const { billed, unknown, isOffered } = own;
      if (billed + unknown > 0 && !isOffered) {
        own.isOffered = true;
        try {
          const spending = await file.call('book', { scope, day, billed, unknown });
          own.billed -= billed;
          own.unknown -= unknown;
          learn(day, spending);
        } finally {
          own.isOffered = false;
        }
      }
      if (spentIn(own) === 0) unbooked.delete(day);
    }
  }

  async function settle(each: Unsettled): Promise<void> {
    if (each.isOffered) return;
    each.isOffered = true;
    try {
      learn(each.settlement.day, await file.call('settle', { ...each.settlement, owner: owner.name }));
      unsettled.delete(each);
    } finally {
      each.isOffered = false;
    }
  }

  async function settleAll(): Promise<void> {
    await book();
    await Promise.all([...unsettled].map(settle));
  }

  /** What the file does not take stays open in it, so nothing is forgotten, and is offered again. */
  function offerRest(): Promise<void> {
    return within(timers, PATIENCE_MS, settleAll()).catch((error: unknown) => {
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
      const day = utcDayOf(clock());
      learn(day, await file.call('spendingOf', scope, day));
    },
    async reserve(budget = dailyBudget) {
      const day = utcDayOf(clock());
      const inFile = reserveInFile(day, budget);
      let reservation: Reservation | undefined;
      try {
        reservation = await within(timers, PATIENCE_MS, inFile);
      } catch (error) {
        onError?.('reserve', error);
        scheduleSettling();
        // What the file reserves too late is given back, for it is counted here already.
        inFile.then((late) => late?.settle('no')).catch(() => {});
        reservation = reserveInMemory(day, budget);
      }
      if (reservation === undefined) {
        exhaustedUntilMs = clock() + Math.min(EXHAUSTED_MS, msToNextUtcDay(clock()));
      }
      return reservation;
    },
    isExhausted: () => clock() < exhaustedUntilMs,
    isKnown: () => known !== undefined,
    today: () => spentOn(utcDayOf(clock())),
    async close() {
      cancelSettling?.();
      await within(timers, PATIENCE_MS * 20, settleAll()).catch(() => {});
    },
  };
}
