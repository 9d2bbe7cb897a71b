import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';

/** Calls of one day. */
export interface SpendingRow {
  readonly billed: number;
  readonly unknown: number;
  /** Reserved and not settled. */
  readonly open: number;
}

export interface ReservationRow {
  readonly scope: string;
  readonly day: string;
  readonly atMs: number;
}

export interface ReserveRequest {
  readonly scope: string;
  readonly day: string;
  readonly atMs: number;
  /** Null is no limit. */
  readonly budget: number | null;
}

export interface SettlementCall {
  readonly scope: string;
  readonly day: string;
  readonly billed: number;
  readonly unknown: number;
}

/** A file that was deleted and made anew has forgotten what is known. */
export interface KnownSettlement extends SettlementCall {
  /** What the day counted before, at least. */
  readonly known: { readonly billed: number; readonly unknown: number };
}

/** The statements on the ledger. A scope is one account at one upstream. */
export function prepareSpending(database: DatabaseSync) {
  const selectDay = database.prepare('SELECT billed, unknown FROM spending WHERE scope = ? AND day = ?');
  const countOpen = database.prepare('SELECT count(*) AS open FROM reservations WHERE scope = ? AND day = ?');
  // Version 0.1.0 distinguished the processes of one file by `owner` and `pid`.
  const insert = database.prepare("INSERT INTO reservations (scope, day, owner, pid, at_ms) VALUES (?, ?, '', 0, ?)");
  const remove = database.prepare('DELETE FROM reservations WHERE id = ?');
  const removeAll = database.prepare('DELETE FROM reservations');
  const add = database.prepare(
    `INSERT INTO spending (scope, day, billed, unknown) VALUES (?, ?, ?, ?)
     ON CONFLICT (scope, day) DO UPDATE SET billed = billed + excluded.billed, unknown = unknown + excluded.unknown`,
  );
  const raise = database.prepare(
    `INSERT INTO spending (scope, day, billed, unknown) VALUES (?, ?, ?, ?)
     ON CONFLICT (scope, day) DO UPDATE SET billed = max(billed, excluded.billed), unknown = max(unknown, excluded.unknown)`,
  );
  const selectAll = database.prepare('SELECT scope, day, at_ms AS atMs FROM reservations ORDER BY id');

  function spendingOf(scope: string, day: string): SpendingRow {
    const spent = selectDay.get(scope, day) as { billed: number; unknown: number } | undefined;
    const { open } = countOpen.get(scope, day) as { open: number };
    return { billed: spent?.billed ?? 0, unknown: spent?.unknown ?? 0, open };
  }

  function book({ scope, day, billed, unknown, known }: KnownSettlement): SpendingRow {
    if (known.billed + known.unknown > 0) raise.run(scope, day, known.billed, known.unknown);
    if (billed + unknown > 0) add.run(scope, day, billed, unknown);
    return spendingOf(scope, day);
  }

  const openReservations = () => selectAll.all() as unknown as ReservationRow[];

  return {
    spendingOf,
    openReservations,
    /** Reserves one call, unless the day has no room for it: decided and written in one transaction. */
    reserve({ scope, day, atMs, budget }: ReserveRequest): { id: number | null; spending: SpendingRow } {
      return inTransaction(database, () => {
        const { billed, unknown, open } = spendingOf(scope, day);
        if (budget !== null && billed + unknown + open >= budget)
          return { id: null, spending: { billed, unknown, open } };
        const id = Number(insert.run(scope, day, atMs).lastInsertRowid);
        return { id, spending: { billed, unknown, open: open + 1 } };
      });
    },
    /** Ends reservations with what they cost together. What is not in the file was reserved elsewhere, or in a file that is gone; it cost that all the same. */
    settle: ({ ids, ...booking }: KnownSettlement & { readonly ids: readonly number[] }): SpendingRow =>
      inTransaction(database, () => {
        for (const id of ids) remove.run(id);
        return book(booking);
      }),
    /** Counts every call that is open as unknown. @returns them */
    settleOpen(): readonly ReservationRow[] {
      // Most starts find none, and need not write for it.
      if (openReservations().length === 0) return [];
      return inTransaction(database, () => {
        const open = openReservations();
        for (const { scope, day } of open) add.run(scope, day, 0, 1);
        removeAll.run();
        return open;
      });
    },
    /** Sees to it that a day counts at least so much. */
    raise: ({ scope, day, billed, unknown }: SettlementCall): void => {
      raise.run(scope, day, billed, unknown);
    },
  };
}
