import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { threadUrl } from '../../own-files.ts';
import { StoreInUseError } from './lock.ts';
import type { Operations } from './operations.ts';
import type { OperationName, WorkerData, WorkerReply, WorkerRequest } from './worker.ts';

/** A SQLite file, worked on in a thread of its own: node:sqlite is synchronous, and a slow disk must not hold up the event loop. */
export interface SqliteFile {
  /**
   * Rejects when the file cannot do it, with SQLite's own words, and with a `StoreInUseError` while another process has it;
   * at once, and without an attempt, while an earlier call has had no answer for 100 ms.
   */
  call<Name extends OperationName>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>>;
  /** Rejects when the thread does not end: it is stuck in the file system, and nothing but a kill ends it. */
  close(): Promise<void>;
}

const END_PATIENCE_MS = 1000;

/**
 * A call is late after so many turns of a timer of so many milliseconds. Turns are counted, because an event loop that is
 * held up by its own work has not yet seen what has arrived.
 */
const LATE_TURNS = 10;
const TURN_MS = 10;

export interface SqliteFileOptions {
  /** Calls back after `ms` milliseconds, unless the returned function is called before. The system's timers by default. */
  readonly after?: (ms: number, callback: () => void) => () => void;
  /** What runs in the thread. `worker.ts` by default. */
  readonly thread?: URL;
}

interface Call extends PromiseWithResolvers<unknown> {
  readonly sentAtTurn: number;
}

/**
 * @param path the file; it is locked, and opened or made, by the first call
 * @param pid of this process, for the message to those who find the file in use
 */
export function openSqliteFile(path: string, pid: number, options: SqliteFileOptions = {}): SqliteFile {
  const { after = systemAfter, thread = threadUrl('stores/sqlite/worker') } = options;
  /** In the order in which they were sent, which is that of their answers. */
  const calls = new Map<number, Call>();
  let lastId = 0;
  let turns = 0;
  let cancelTurn: (() => void) | undefined;
  let worker: Worker | undefined;

  function start(): Worker {
    // A thread has options of its own, and its part of a diagnostic report would else hold the environment whatever ours say.
    const started = new Worker(thread, {
      workerData: { path, pid } satisfies WorkerData,
      execArgv: ['--report-exclude-env'],
    });
    started.unref();
    started.on('message', (reply: WorkerReply) => {
      const call = calls.get(reply.id);
      calls.delete(reply.id);
      if (calls.size === 0) stopCounting();
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
    stopCounting();
  }

  /** A thread that is stuck in the file system gets no more work, so its queue does not grow, and no caller waits for it. */
  function isLate(): boolean {
    const [oldest] = calls.values();
    return oldest !== undefined && turns - oldest.sentAtTurn > LATE_TURNS;
  }

  function countTurns(): void {
    cancelTurn ??= after(TURN_MS, () => {
      cancelTurn = undefined;
      turns += 1;
      countTurns();
    });
  }

  function stopCounting(): void {
    cancelTurn?.();
    cancelTurn = undefined;
  }

  return {
    call(name, ...args) {
      if (isLate()) return Promise.reject(new Error(`no answer of the store thread for ${LATE_TURNS * TURN_MS} ms`));
      worker ??= start();
      const id = ++lastId;
      const call = { ...Promise.withResolvers<unknown>(), sentAtTurn: turns };
      calls.set(id, call);
      countTurns();
      worker.postMessage({ id, name, args } satisfies WorkerRequest);
      return call.promise as Promise<ReturnType<Operations[typeof name]>>;
    },
    async close() {
      stopCounting();
      const isEnded = await Promise.race([worker?.terminate(), delay(END_PATIENCE_MS, 'stuck', { ref: false })]);
      if (isEnded === 'stuck') throw new Error('the store thread does not end');
    },
  };
}

function systemAfter(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
}
