import type { NearestDays } from '../../domain/zone-days.ts';

/** Calls of one day, as the books have them. */
export interface BookedSpending {
  readonly billed: number;
  readonly unknown: number;
  /** Reserved and not settled, by all replicas that share the books. */
  readonly open: number;
}

/** Where one ledger is kept outside of the process. Every method rejects when the books cannot do it. */
export interface SpendingBooks {
  /** What is spent on the current day; the store's clock says which of the two it is. */
  today(days: NearestDays): Promise<SpendingOfDay>;
  /** Reserves one call, unless the current day has no room for it: decided and written at once. */
  reserve(request: ReserveRequest): Promise<SpendingOfDay & { readonly isGranted: boolean }>;
  /**
   * Ends a reservation with what it cost. One that the books do not know cost that all the same.
   * @param known what the day counted before, at least: books may have been lost meanwhile
   */
  settle(settlement: Settlement, known: Omit<BookedSpending, 'open'>): Promise<BookedSpending>;
  /**
   * Does it for several of one day. When it rejects, some of them may be booked all the same: they are offered again
   * with the same ids.
   */
  settleMany(
    day: string,
    settlements: readonly Settlement[],
    known: Omit<BookedSpending, 'open'>,
  ): Promise<BookedSpending>;
  /** Sees to it that a day counts at least so much. */
  raise(spent: Omit<Settlement, 'id'>): Promise<void>;
}

/** The day that the store chose, and what is spent on it. */
export interface SpendingOfDay {
  readonly day: string;
  readonly spending: BookedSpending;
}

export interface ReserveRequest {
  /** Of this reservation; its settlement has the same. */
  readonly id: string;
  readonly days: NearestDays;
  /** Undefined is no limit. */
  readonly budget: number | undefined;
  /** The purchase that it is for, by the token of its lease; undefined where purchases have none. */
  readonly flight: string | undefined;
}

export interface Settlement {
  readonly id: string;
  readonly day: string;
  readonly billed: number;
  readonly unknown: number;
}
