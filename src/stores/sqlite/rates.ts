import type { DatabaseSync } from 'node:sqlite';

export interface RateRow {
  readonly client: string;
  readonly count: number;
  readonly endsAtMs: number;
}

/** The statements on what clients have sent in their current minute. */
export function prepareRates(database: DatabaseSync) {
  database.exec(
    'CREATE TABLE IF NOT EXISTS rates (client TEXT PRIMARY KEY, count INTEGER NOT NULL, ends_at_ms INTEGER NOT NULL) WITHOUT ROWID',
  );
  const select = database.prepare('SELECT client, count, ends_at_ms AS endsAtMs FROM rates');
  const upsert = database.prepare(
    `INSERT INTO rates (client, count, ends_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (client) DO UPDATE SET count = excluded.count, ends_at_ms = excluded.ends_at_ms`,
  );
  return {
    loadRates: () => select.all() as unknown as RateRow[],
    saveRates: (rows: readonly RateRow[]): void => {
      for (const { client, count, endsAtMs } of rows) upsert.run(client, count, Math.round(endsAtMs));
    },
  };
}
