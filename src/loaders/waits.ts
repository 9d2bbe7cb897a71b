/** The waits of all requests, so that they can be ended at once. */
export interface Waits {
  /** Ends it at once where all have been ended before. */
  add(end: () => void): void;
  delete(end: () => void): void;
  /** Ends every wait, now and from now on. */
  endAll(): void;
}

/** A set, and no `AbortSignal`: who leaves a signal is looked for among all its listeners. */
export function createWaits(): Waits {
  const waits = new Set<() => void>();
  let haveEnded = false;

  return {
    add(end) {
      if (haveEnded) end();
      else waits.add(end);
    },
    delete: (end) => void waits.delete(end),
    endAll() {
      haveEnded = true;
      for (const end of waits) end();
      waits.clear();
    },
  };
}
