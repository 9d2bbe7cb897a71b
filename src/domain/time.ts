/** Waiting, so that tests can do it with a clock of their own. */
export interface Timers {
  /** Calls back after `ms` milliseconds (at once where that is less than 0), unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

export const systemTimers: Timers = {
  after(ms, callback) {
    // A time that was computed from two looks at a clock may be over already, at which Node.js would print a warning.
    const timer = setTimeout(callback, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/** A store that is away or slow holds up nobody by more than this, in milliseconds. */
export const STORE_PATIENCE_MS = 50;

/** Settles after `ms` milliseconds, or when the signal says so. */
export function sleep(timers: Timers, ms: number, wakeUp: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  if (wakeUp.aborted) end();
  const cancel = timers.after(ms, end);
  wakeUp.addEventListener('abort', end);
  return promise.finally(() => {
    cancel();
    wakeUp.removeEventListener('abort', end);
  });
}

/** So many turns of the event loop are given to an answer that may have arrived. */
const SLICES = 5;

/**
 * What `promise` settles to, or a rejection after `ms` milliseconds in which this process could have heard it: a loop that
 * is held up by its own work finds timers due before it sees what has arrived, so each slice of the wait takes a turn of
 * it. What the promise stands for goes on all the same.
 */
export function within<Value>(timers: Timers, ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    let cancel: () => void;
    const wait = (slices: number) => {
      cancel = timers.after(ms / SLICES, () => {
        if (slices > 1) wait(slices - 1);
        else reject(new Error(`no answer within ${ms} ms`));
      });
    };
    wait(SLICES);
    promise.then(resolve, reject).finally(() => cancel());
  });
}
