import type { NearestDays } from '../../domain/zone-days.ts';

/** The calls of one day, as they are stored. */
export interface StoredSpending {
  readonly billed: number;
  readonly unknown: number;
  /** Reserved and not settled, by all replicas that share the store. */
  readonly open: number;
}

/** Where the counts of one ledger are stored. Every method rejects when the store fails. */
export interface SpendingStore {
  /** What is spent on the current day; the store's clock says which of the two it is. */
  today(days: NearestDays): Promise<SpendingOfDay>;
  /** Reserves one call, unless the current day has no room for it: decided and written at once. */
  reserve(request: ReserveRequest): Promise<SpendingOfDay & { readonly isGranted: boolean }>;
  /**
   * Ends a reservation with its cost. A reservation that the store does not have is counted all the same.
   * @param known what the day counted before, at least: the store may have lost its data since
   */
  settle(settlement: Settlement, known: Omit<StoredSpending, 'open'>): Promise<StoredSpending>;
  /**
   * Does it for several of one day. When it rejects, some of them may be stored all the same: they are sent again
   * with the same ids.
   */
  settleMany(
    day: string,
    settlements: readonly Settlement[],
    known: Omit<StoredSpending, 'open'>,
  ): Promise<StoredSpending>;
  /** Sees to it that a day counts at least so much. */
  raise(spent: Omit<Settlement, 'id'>): Promise<void>;
}

/** The day that the store chose, and what is spent on it. */
export interface SpendingOfDay {
  readonly day: string;
  readonly spending: StoredSpending;
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
