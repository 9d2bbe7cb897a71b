/** Timers, injected so that tests control them. */
export interface Timers {
  /**
   * Calls back after `ms` milliseconds; a negative number counts as 0.
   * @returns cancels the callback
   */
  after(ms: number, callback: () => void): () => void;
}

export const systemTimers: Timers = {
  after(ms, callback) {
    // Node.js prints a warning for a negative delay, which a deadline that has passed gives.
    const timer = setTimeout(callback, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/** The longest wait for an unavailable or slow store, in milliseconds. */
export const STORE_PATIENCE_MS = 50;

/** Settles after `ms` milliseconds, or when `wakeUp` aborts. */
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

/** Into how many timers a time-out is divided. */
const SLICES = 5;

/**
 * Settles like `promise`, or rejects after `ms` milliseconds. The work behind the promise goes on.
 *
 * After a blocked event loop Node.js runs due timers before it reads what has arrived. The time-out is therefore divided
 * into several timers, so that an answer that has arrived in time is read before the last of them.
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
