import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { threadUrl } from '../own-files.ts';
import { StoreInUseError } from './lock.ts';
import type { Operations } from './operations.ts';
import type { OperationName, WorkerData, WorkerReply, WorkerRequest } from './worker.ts';

/** A SQLite file, worked on in a thread of its own: node:sqlite is synchronous, and a slow disk must not hold up the event loop. */
export interface SqliteFile {
  /** Rejects when the file cannot do it, with SQLite's own words, and with a `StoreInUseError` while another process has it. */
  call<Name extends OperationName>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>>;
  /** Rejects when the thread does not end: it is stuck in the file system, and nothing but a kill ends it. */
  close(): Promise<void>;
}

const END_PATIENCE_MS = 1000;

/**
 * @param path the file; it is locked, and opened or made, by the first call
 * @param pid of this process, for the message to those who find the file in use
 */
export function openSqliteFile(path: string, pid: number): SqliteFile {
  const calls = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let worker: Worker | undefined;

  function start(): Worker {
    // A thread has options of its own, and its part of a diagnostic report would else hold the environment whatever ours say.
    const started = new Worker(threadUrl('sqlite/worker'), {
      workerData: { path, pid } satisfies WorkerData,
      execArgv: ['--report-exclude-env'],
    });
    started.unref();
    started.on('message', (reply: WorkerReply) => {
      const call = calls.get(reply.id);
      calls.delete(reply.id);
      if ('error' in reply) call?.reject(reply.isInUse ? new StoreInUseError(reply.error) : new Error(reply.error));
      else call?.resolve(reply.result);
    });
    // Node follows an `error` with an `exit`, which must not reach the calls of the next thread.
    started.on('error', (error) => started === worker && fail(error));
    started.on('exit', () => started === worker && fail(new Error('the store thread ended')));
    return started;
  }

  function fail(error: unknown): void {
    worker = undefined;
    for (const call of calls.values()) call.reject(error);
    calls.clear();
  }

  return {
    call(name, ...args) {
      worker ??= start();
      const id = ++lastId;
      const call = Promise.withResolvers<unknown>();
      calls.set(id, call);
      worker.postMessage({ id, name, args } satisfies WorkerRequest);
      return call.promise as Promise<ReturnType<Operations[typeof name]>>;
    },
    async close() {
      const isEnded = await Promise.race([worker?.terminate(), delay(END_PATIENCE_MS, 'stuck', { ref: false })]);
      if (isEnded === 'stuck') throw new Error('the store thread does not end');
    },
  };
}
