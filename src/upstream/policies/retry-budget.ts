import { createWindowedCount } from './windowed-count.ts';

const WINDOW_MS = 10_000;
/** Extra attempts as a share of all attempts within the window. */
const MAX_SHARE = 0.1;
/** So many extra attempts are always allowed within the window, or a quiet gateway could never repeat anything. */
const FLOOR = 10;

/**
 * Keeps a failing upstream from being hammered: all calls together may add at most 10 % extra attempts.
 *
 * @see Beyer et al., "Site Reliability Engineering", chapter 21: a per-client retry budget of 10 %
 */
export interface RetryBudget {
  noteAttempt(): void;
  /** Takes one extra attempt, if there is one left. */
  take(): boolean;
}

/** @param clock milliseconds, never set back */
export function createRetryBudget(clock: () => number): RetryBudget {
  const attempts = createWindowedCount(WINDOW_MS, clock);
  const extra = createWindowedCount(WINDOW_MS, clock);

  return {
    noteAttempt: () => attempts.add(),
    take() {
      if (extra.total() >= Math.max(FLOOR, attempts.total() * MAX_SHARE)) return false;
      extra.add();
      return true;
    },
  };
}
