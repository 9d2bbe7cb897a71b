/** Waiting, so that tests can do it with a clock of their own. */
export interface Timers {
  /** Calls back after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

/** A loop that was held up finds timers due before it sees what has arrived meanwhile; what has arrived goes first. */
export const systemTimers: Timers = {
  after(ms, callback) {
    let immediate: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      immediate = setImmediate(callback);
    }, ms);
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  },
};

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

/** What `promise` settles to, or a rejection after `ms` milliseconds. What it stands for goes on all the same. */
export function within<Value>(timers: Timers, ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => reject(new Error(`no answer within ${ms} ms`)));
    promise.then(resolve, reject).finally(cancel);
  });
}
