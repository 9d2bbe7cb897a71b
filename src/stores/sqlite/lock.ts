import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { inodeOf, isBusy } from './database.ts';

/** Another process has the store, which has one process at a time. */
export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError';
}

/** The right of one process to use a store. It ends with `release`, and with the process, however that ends. */
export interface StoreLock {
  readonly storePath: string;
  /** False when the lock file was deleted or replaced, so that another process can take the lock. */
  isInPlace(): boolean;
  release(): void;
}

/**
 * Takes the lock of a store: a second SQLite file beside it, in a transaction that never ends. The kernel frees it with
 * the process. Nothing but SQLite may open the lock file in this process, because closing any other descriptor of it
 * would free the lock. See docs/decisions/024-one-process-a-sqlite-file.md.
 *
 * @param storePath with symbolic links resolved
 * @param pid of this process, for the message to others
 * @throws StoreInUseError when another process has it; another error when it cannot be taken for another reason
 */
export function takeLock(storePath: string, pid: number): StoreLock {
  const path = lockPathOf(storePath);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // In a file that cannot be written to, SQLite begins a mere read transaction and says nothing. The write fails there;
    // it is never committed, so it needs neither room on the disk nor a journal beside the file.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1');
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw inUse(storePath);
    throw new Error(`cannot lock ${path}: ${(error as Error).message}`, { cause: error });
  }
  const held = database;
  writeHolder(storePath, pid);
  const inode = inodeOf(path);
  return { storePath, isInPlace: () => inodeOf(path) === inode, release: () => held.close() };
}

/** Whether a process has the store. Writes nothing, and makes no file. */
export function isLocked(storePath: string): boolean {
  const path = lockPathOf(storePath);
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { timeout: 0, readOnly: true });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

function lockPathOf(storePath: string): string {
  return `${storePath}-lock`;
}

function inUse(storePath: string): StoreInUseError {
  const advice = 'stop it, choose another CACHE_STORE, or share answers through Redis (CACHE_STORE=redis://…)';
  return new StoreInUseError(`${storePath} is in use by ${readHolder(storePath)}; ${advice}`);
}

function holderPathOf(storePath: string): string {
  return `${storePath}-holder`;
}

/** For people only: the lock holds without it, so a full disk is no reason to go on without the store. */
function writeHolder(storePath: string, pid: number): void {
  const path = holderPathOf(storePath);
  try {
    writeFileSync(path, `process ${pid} on host ${hostname()}\n`);
  } catch {
    // Else the message would name the one before.
    try {
      rmSync(path, { force: true });
    } catch {}
  }
}

function readHolder(storePath: string): string {
  try {
    const [holder] = /^process \d+ on host \S{1,255}$/m.exec(readFileSync(holderPathOf(storePath), 'utf8')) ?? [];
    return holder ?? 'another process';
  } catch {
    return 'another process';
  }
}
