/** How often something happened lately. */
export interface SlidingWindow {
  /** Counts one more, now. */
  add(): void;
  /** Within the window that ends now. */
  total(): number;
  reset(): void;
}

/** So many moments that are over may stay in the list before it is cut. */
const MAX_FORGOTTEN = 1000;

/**
 * A sliding window. It holds one moment for each millisecond, and each is looked at twice: a window that is filtered at
 * every call costs each call more, the more of them there are.
 *
 * @param clock milliseconds, never set back
 */
export function createSlidingWindow(windowMs: number, clock: () => number): SlidingWindow {
  let moments: { readonly atMs: number; count: number }[] = [];
  let first = 0;
  let total = 0;

  function forget(nowMs: number): void {
    for (let moment = moments[first]; moment && nowMs - moment.atMs >= windowMs; moment = moments[first]) {
      total -= moment.count;
      first += 1;
    }
    if (first <= MAX_FORGOTTEN) return;
    moments = moments.slice(first);
    first = 0;
  }

  return {
    add() {
      const atMs = Math.floor(clock());
      forget(atMs);
      const last = moments.at(-1);
      if (last?.atMs === atMs && moments.length > first) last.count += 1;
      else moments.push({ atMs, count: 1 });
      total += 1;
    },
    total() {
      forget(clock());
      return total;
    },
    reset() {
      moments = [];
      first = 0;
      total = 0;
    },
  };
}
