import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';

/** By which time zone a file counted its days before it kept one: version 0.1.0 knew no other. */
const FIRST_TIME_ZONE = 'UTC';

/** The time zone by which days are counted, for each scope. A scope is one account at one upstream. */
export function prepareTimeZones(database: DatabaseSync) {
  return {
    /** Keeps the zone. @returns the one before; undefined where nothing was spent yet */
    replaceTimeZone: (scope: string, timeZone: string): string | undefined =>
      inTransaction(database, () => {
        // Not among the tables of the schema's version: files of version 0.1.0 are used as they are.
        database.exec(
          'CREATE TABLE IF NOT EXISTS time_zones (scope TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID',
        );
        const kept = database.prepare('SELECT name FROM time_zones WHERE scope = ?').get(scope);
        const isUsed = database.prepare('SELECT 1 FROM spending WHERE scope = ? LIMIT 1').get(scope) !== undefined;
        database.prepare('INSERT OR REPLACE INTO time_zones (scope, name) VALUES (?, ?)').run(scope, timeZone);
        return (kept?.['name'] as string | undefined) ?? (isUsed ? FIRST_TIME_ZONE : undefined);
      }),
  };
}
