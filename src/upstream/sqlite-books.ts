import type { SqliteFile } from '../sqlite/sqlite-file.ts';
import { dayAt } from './ledger.ts';
import type { SpendingBooks } from './spending-books.ts';

export interface SqliteBooksOptions {
  readonly file: SqliteFile;
  /** One account at one upstream, or a client of it. */
  readonly scope: string;
  /** This process among those that share the file. */
  readonly owner: { readonly name: string; readonly pid: number };
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** A ledger's books in a SQLite file, which the processes of one machine may share. */
export function createSqliteBooks({ file, scope, owner, clock }: SqliteBooksOptions): SpendingBooks {
  /** The file numbers its reservations itself. */
  const rows = new Map<string, Promise<number | null>>();

  return {
    async today(days) {
      const day = dayAt(days, clock());
      return { day, spending: await file.call('spendingOf', scope, day) };
    },
    async reserve({ id, days, budget = null }) {
      const day = dayAt(days, clock());
      const reserving = file.call('reserve', {
        ...{ scope, day, budget, atMs: clock() },
        owner: owner.name,
        pid: owner.pid,
      });
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
        row == null
          ? await file.call('book', booking)
          : await file.call('settle', { ...booking, id: row, owner: owner.name });
      rows.delete(id);
      return spending;
    },
    raise: ({ day, billed, unknown }) => file.call('raise', { scope, day, billed, unknown }),
  };
}
