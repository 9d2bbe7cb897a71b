import type { SqliteFile } from '../sqlite/sqlite-file.ts';
import { dayAt } from './ledger.ts';
import type { SpendingBooks } from './spending-books.ts';

export interface SqliteBooksOptions {
  readonly file: SqliteFile;
  /** One account at one upstream, or a client of it. */
  readonly scope: string;
  /** Settles what processes that ended left open in the file; asked before each reservation. */
  readonly settleAbandoned: () => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** A ledger's books in a SQLite file. */
export function createSqliteBooks({ file, scope, settleAbandoned, clock }: SqliteBooksOptions): SpendingBooks {
  /** The file numbers its reservations itself. */
  const rows = new Map<string, Promise<number | null>>();

  return {
    async today(days) {
      const day = dayAt(days, clock());
      return { day, spending: await file.call('spendingOf', scope, day) };
    },
    async reserve({ id, days, budget = null }) {
      const day = dayAt(days, clock());
      const request = { scope, day, budget, atMs: clock() };
      const reserving = settleAbandoned().then(() => file.call('reserve', request));
      rows.set(
        id,
        reserving.then(
          (reserved) => reserved.id,
          () => null,
        ),
      );
      const reserved = await reserving;
      if (reserved.id === null) rows.delete(id);
      return { day, isGranted: reserved.id !== null, spending: reserved.spending };
    },
    async settle({ id, day, billed, unknown }, known) {
      const row = await rows.get(id);
      const booking = { scope, day, billed, unknown, known };
      const spending =
        row == null ? await file.call('book', booking) : await file.call('settle', { ...booking, id: row });
      rows.delete(id);
      return spending;
    },
    raise: ({ day, billed, unknown }) => file.call('raise', { scope, day, billed, unknown }),
  };
}
