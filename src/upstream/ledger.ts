import type { Billed } from './business-codes.ts';

/** What was spent on one UTC day, in calls. */
export interface DaySpending {
  /** The UTC day of the reservations, as YYYY-MM-DD. */
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
  /** Never rejects: a store that is away is the ledger's own trouble. */
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
  /** Never rejects. Undefined when the budget of the UTC day is used up. */
  reserve(request?: ReservationRequest): Promise<Reservation | undefined>;
  /** Whether the last that is known leaves no room for another call. */
  isExhausted(): boolean;
  /** Whether it was ever read; until then a budget buys nothing. */
  isKnown(): boolean;
  today(): DaySpending;
  /** Books what is left. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** The day that was asked for last: a day is asked for several times in each purchase. */
let lastDay = { startsAtMs: 0, name: '1970-01-01' };

/** The UTC day of a time, as YYYY-MM-DD. */
export function utcDayOf(atMs: number): string {
  const startsAtMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  if (lastDay.startsAtMs !== startsAtMs)
    lastDay = { startsAtMs, name: new Date(startsAtMs).toISOString().slice(0, 10) };
  return lastDay.name;
}

/** The two UTC days around the midnight that is nearest to a time. Whoever has the clock that counts chooses between them. */
export interface NearestDays {
  /** The day that ends at `midnightMs`, as YYYY-MM-DD. */
  readonly before: string;
  /** The day that begins at `midnightMs`, as YYYY-MM-DD. */
  readonly after: string;
  /** Milliseconds since the epoch. */
  readonly midnightMs: number;
}

export function nearestDaysOf(atMs: number): NearestDays {
  const midnightMs = Math.round(atMs / DAY_MS) * DAY_MS;
  return { before: utcDayOf(midnightMs - DAY_MS), after: utcDayOf(midnightMs), midnightMs };
}

/** The day of a time that is near the midnight between the two. */
export function dayAt({ before, after, midnightMs }: NearestDays, nowMs: number): string {
  return nowMs < midnightMs ? before : after;
}

/** Until the next UTC day begins. */
export function msToNextUtcDay(nowMs: number): number {
  return DAY_MS - (nowMs % DAY_MS);
}
