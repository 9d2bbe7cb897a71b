import { parentPort, workerData } from 'node:worker_threads';
import { type OpenDatabase, openDatabase } from './database.ts';
import { type Operations, prepareOperations } from './operations.ts';

export type OperationName = keyof Operations;

export interface WorkerRequest {
  readonly id: number;
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type WorkerReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

const { path } = workerData as { path: string };
let opened: (OpenDatabase & { readonly operations: Operations }) | undefined;

/** The file is opened by the first that needs it, and anew after it was deleted, replaced, or could not be opened. */
function operations(): Operations {
  if (opened && !opened.isInPlace()) close();
  if (!opened) {
    const database = openDatabase(path);
    opened = {
      ...database,
      operations: prepareOperations(database.database),
    };
  }
  return opened.operations;
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
    reply = { id, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
