import { chooseDay } from '../../domain/zone-days.ts';
import type { SpendingStore } from '../../upstream/ledger/spending-store.ts';
import type { SqliteFile } from './sqlite-file.ts';

export interface SqliteSpendingStoreOptions {
  readonly file: SqliteFile;
  /** One account at one upstream, or a client of it. */
  readonly scope: string;
  /** Settles what processes that ended left open in the file, and whatever else comes first; asked before each reservation. */
  readonly settleAbandoned: () => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The counts of a ledger in a SQLite file. */
export function createSqliteSpendingStore({
  file,
  scope,
  settleAbandoned,
  clock,
}: SqliteSpendingStoreOptions): SpendingStore {
  /** The file numbers its reservations itself. */
  const rows = new Map<string, Promise<number | null>>();

  /** In one transaction: all of them or none. */
  const settleMany: SpendingStore['settleMany'] = async (day, settlements, known) => {
    const found = await Promise.all(settlements.map(({ id }) => rows.get(id)));
    const sum = (part: 'billed' | 'unknown') => settlements.reduce((total, each) => total + each[part], 0);
    const spending = await file.call('settle', {
      ...{ scope, day, known, billed: sum('billed'), unknown: sum('unknown') },
      ids: found.filter((row) => row != null),
    });
    for (const { id } of settlements) rows.delete(id);
    return spending;
  };

  return {
    async today(days) {
      const day = chooseDay(days, clock());
      return { day, spending: await file.call('spendingOf', scope, day) };
    },
    async reserve({ id, days, budget = null }) {
      const day = chooseDay(days, clock());
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
    settle: (settlement, known) => settleMany(settlement.day, [settlement], known),
    settleMany,
    raise: ({ day, billed, unknown }) => file.call('raise', { scope, day, billed, unknown }),
  };
}
