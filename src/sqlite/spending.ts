import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';

/** Calls of one day. */
export interface SpendingRow {
  readonly billed: number;
  readonly unknown: number;
  /** Reserved and not settled, by all processes on this file. */
  readonly open: number;
}

export interface ReservationRow {
  readonly id: number;
  readonly scope: string;
  readonly day: string;
  readonly owner: string;
  readonly pid: number;
  readonly atMs: number;
}

export interface ReserveRequest {
  readonly scope: string;
  readonly day: string;
  readonly owner: string;
  readonly pid: number;
  readonly atMs: number;
  /** Null is no limit. */
  readonly budget: number | null;
}

export interface Booking {
  readonly scope: string;
  readonly day: string;
  readonly billed: number;
  readonly unknown: number;
}

/** A file that was deleted and made anew has forgotten what is known. */
export interface KnownBooking extends Booking {
  /** What the day counted before, at least. */
  readonly known: { readonly billed: number; readonly unknown: number };
}

/** The statements on the ledger. A scope is one account at one upstream. */
export function prepareSpending(database: DatabaseSync) {
  const selectDay = database.prepare('SELECT billed, unknown FROM spending WHERE scope = ? AND day = ?');
  const countOpen = database.prepare('SELECT count(*) AS open FROM reservations WHERE scope = ? AND day = ?');
  const insert = database.prepare('INSERT INTO reservations (scope, day, owner, pid, at_ms) VALUES (?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM reservations WHERE id = ? AND owner = ?');
  const add = database.prepare(
    `INSERT INTO spending (scope, day, billed, unknown) VALUES (?, ?, ?, ?)
     ON CONFLICT (scope, day) DO UPDATE SET billed = billed + excluded.billed, unknown = unknown + excluded.unknown`,
  );
  const raise = database.prepare(
    `INSERT INTO spending (scope, day, billed, unknown) VALUES (?, ?, ?, ?)
     ON CONFLICT (scope, day) DO UPDATE SET billed = max(billed, excluded.billed), unknown = max(unknown, excluded.unknown)`,
  );
  const selectOthers = database.prepare(
    "SELECT id, scope, day, owner, pid, at_ms AS atMs FROM reservations WHERE (scope = ?1 OR scope LIKE ?1 || ' client %') AND owner <> ?2 ORDER BY id",
  );

  function spendingOf(scope: string, day: string): SpendingRow {
    const spent = selectDay.get(scope, day) as { billed: number; unknown: number } | undefined;
    const { open } = countOpen.get(scope, day) as { open: number };
    return { billed: spent?.billed ?? 0, unknown: spent?.unknown ?? 0, open };
  }

  function book({ scope, day, billed, unknown, known }: KnownBooking): SpendingRow {
    if (known.billed + known.unknown > 0) raise.run(scope, day, known.billed, known.unknown);
    if (billed + unknown > 0) add.run(scope, day, billed, unknown);
    return spendingOf(scope, day);
  }

  return {
    spendingOf,
    book: (booking: KnownBooking): SpendingRow => inTransaction(database, () => book(booking)),
    /** Reserves one call, unless the day has no room for it: decided and written in one transaction. */
    reserve({ scope, day, owner, pid, atMs, budget }: ReserveRequest): { id: number | null; spending: SpendingRow } {
      return inTransaction(database, () => {
        const { billed, unknown, open } = spendingOf(scope, day);
        if (budget !== null && billed + unknown + open >= budget)
          return { id: null, spending: { billed, unknown, open } };
        const id = Number(insert.run(scope, day, owner, pid, atMs).lastInsertRowid);
        return { id, spending: { billed, unknown, open: open + 1 } };
      });
    },
    /** Ends a reservation with what it cost. One that is not in the file was made in a file that is gone; it cost that all the same. */
    settle: ({ id, owner, ...booking }: KnownBooking & { readonly id: number; readonly owner: string }): SpendingRow =>
      inTransaction(database, () => {
        remove.run(id, owner);
        return book(booking);
      }),
    /** Counts the call of a dead process as unknown, once. */
    abandon: ({ id, scope, owner, day }: ReservationRow): void =>
      inTransaction(database, () => {
        if (remove.run(id, owner).changes > 0) add.run(scope, day, 0, 1);
      }),
    /** Sees to it that a day counts at least so much. */
    raise: ({ scope, day, billed, unknown }: Booking): void => {
      raise.run(scope, day, billed, unknown);
    },
    /** Those of other owners, with those of the scope's clients, for whoever can tell which of them are dead. */
    reservationsOfOthers: (scope: string, owner: string) =>
      selectOthers.all(scope, owner) as unknown as ReservationRow[],
  };
}
