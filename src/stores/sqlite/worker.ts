import { parentPort, workerData } from 'node:worker_threads';
import { BUSY_TIMEOUT_MS, isBusy, type OpenDatabase, openDatabase } from './database.ts';
import { StoreInUseError, type StoreLock, takeLock } from './lock.ts';
import { type Operations, prepareOperations } from './operations.ts';

export type OperationName = keyof Operations;

export interface WorkerData {
  readonly path: string;
  /** Of this process, for the message to those who find the file in use. */
  readonly pid: number;
}

export interface WorkerRequest {
  readonly id: number;
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type WorkerReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly isInUse: boolean };

/** How long no call waits for a lock after one has waited in vain, in milliseconds: otherwise calls would queue up. */
const LOCKED_MS = 500;

const { path, pid } = workerData as WorkerData;
let lock: StoreLock | undefined;
let opened: (OpenDatabase & { readonly operations: Operations; busyTimeoutMs: number }) | undefined;
let lockedUntilMs = Number.NEGATIVE_INFINITY;

/** The file is opened by the first that needs it, and anew after it or its lock was deleted, replaced, or could not be opened. */
function operations(): Operations {
  if (opened && !(opened.isInPlace() && lock?.isInPlace())) close();
  const busyTimeoutMs = performance.now() < lockedUntilMs ? 0 : BUSY_TIMEOUT_MS;
  opened ??= open(busyTimeoutMs);
  if (opened.busyTimeoutMs !== busyTimeoutMs) {
    opened.database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    opened.busyTimeoutMs = busyTimeoutMs;
  }
  return opened.operations;
}

function open(busyTimeoutMs: number): NonNullable<typeof opened> {
  const database = openDatabase(path, holdLock, busyTimeoutMs);
  try {
    return { ...database, operations: prepareOperations(database.database), busyTimeoutMs };
  } catch (error) {
    // Else every try would leave an open file behind.
    database.database.close();
    throw error;
  }
}

/** A lock that is still held is kept while the file is opened anew, so that no other process takes it meanwhile. */
function holdLock(storePath: string): void {
  if (lock?.storePath === storePath && lock.isInPlace()) return;
  lock?.release();
  lock = undefined;
  lock = takeLock(storePath, pid);
}

function close(): void {
  opened?.database.close();
  opened = undefined;
}

parentPort?.on('message', ({ id, name, args }: WorkerRequest) => {
  let reply: WorkerReply;
  try {
    const operation = operations()[name] as (...values: readonly unknown[]) => unknown;
    reply = { id, result: operation(...args) };
  } catch (error) {
    if (isBusy(error)) lockedUntilMs = performance.now() + LOCKED_MS;
    const message = error instanceof Error ? error.message : String(error);
    reply = { id, error: message, isInUse: error instanceof StoreInUseError };
  }
  parentPort?.postMessage(reply);
});
