import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** Raised when the tables change; a file of another version is refused rather than misread. */
const SCHEMA_VERSION = 1;
/** How long a call waits for a file that another process has locked, in milliseconds. The caller comes back. */
export const BUSY_TIMEOUT_MS = 20;

const TABLES = `
  CREATE TABLE answers (
    key TEXT NOT NULL, slot TEXT NOT NULL, body TEXT NOT NULL, born_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (key, slot)
  ) WITHOUT ROWID;
  CREATE INDEX answers_expiry ON answers (expires_at_ms);
  CREATE TABLE spending (
    scope TEXT NOT NULL, day TEXT NOT NULL, billed INTEGER NOT NULL, unknown INTEGER NOT NULL,
    PRIMARY KEY (scope, day)
  ) WITHOUT ROWID;
  CREATE TABLE reservations (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL, day TEXT NOT NULL, owner TEXT NOT NULL, pid INTEGER NOT NULL, at_ms INTEGER NOT NULL
  );
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** An open file, and whether it is still the one at its path. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  isInPlace(): boolean;
}

/**
 * Opens the file, and makes it with its folder when it is missing. WAL with `synchronous=NORMAL`: a write outlives the
 * process from the moment it returns, and the last ones may be lost only with the machine.
 *
 * @param beforeUse called with the path of the file, symbolic links resolved, before anything of it is read or written
 * @param busyTimeoutMs how long a locked file is waited for, also by what is done with it afterwards
 * @throws when the file cannot be opened, is no database, or is of another version; what `beforeUse` throws
 */
export function openDatabase(
  path: string,
  beforeUse?: (location: string) => void,
  busyTimeoutMs = BUSY_TIMEOUT_MS,
): OpenDatabase {
  makeFolder(dirname(path));
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    const location = database.location();
    if (location !== null) beforeUse?.(location);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    // Most starts find the tables, and need not wait for another writer.
    if (versionOf(database) === 0) inTransaction(database, () => versionOf(database) === 0 && database.exec(TABLES));
    expectVersion(versionOf(database));
  } catch (error) {
    database.close();
    throw error;
  }
  const inode = inodeOf(path);
  return { database, isInPlace: () => inodeOf(path) === inode };
}

/**
 * Opens a file for reading, beside a process that uses it. Nothing is written to it or to its log, and no file is made beside
 * it; only the index of the log (`-shm`), which is there with the log, is touched as every reader does.
 *
 * @param location with symbolic links resolved
 * @returns undefined where no store is in the file yet
 * @throws when the file cannot be read, is no database, or is of another version
 */
export function openForReading(location: string): DatabaseSync | undefined {
  // SQLite makes a log beside a file that has none even to read it. Without a log no process uses the file, and it is complete.
  const url = pathToFileURL(location);
  if (!existsSync(`${location}-wal`)) url.search = 'immutable=1';
  const database = new DatabaseSync(url, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
  try {
    const version = versionOf(database);
    if (version !== 0) {
      expectVersion(version);
      return database;
    }
    database.close();
    return undefined;
  } catch (error) {
    database.close();
    throw error;
  }
}

function expectVersion(version: number): void {
  if (version !== SCHEMA_VERSION)
    throw new Error(`expected a store of version ${SCHEMA_VERSION}, got version ${version}`);
}

function versionOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** Node's own recursion never ends where a parent says that it is missing and cannot be made, as under /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}

const SQLITE_BUSY = 5;

/** Whether another process has the file, or a part of it, locked. */
export function isBusy(error: unknown): boolean {
  // The upper bits of the code have details.
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
}

/** All or nothing, and no other connection writes meanwhile. */
export function inTransaction<Result>(database: DatabaseSync, run: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

export function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
