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

/** @param clock milliseconds since the epoch */
export function createRetryBudget(clock: () => number): RetryBudget {
  let attemptsAtMs: number[] = [];
  let extraAtMs: number[] = [];
  const recent = (times: number[]) => times.filter((atMs) => clock() - atMs < WINDOW_MS);

  return {
    noteAttempt() {
      attemptsAtMs = recent(attemptsAtMs);
      attemptsAtMs.push(clock());
    },
    take() {
      extraAtMs = recent(extraAtMs);
      if (extraAtMs.length >= Math.max(FLOOR, recent(attemptsAtMs).length * MAX_SHARE)) return false;
      extraAtMs.push(clock());
      return true;
    },
  };
}
