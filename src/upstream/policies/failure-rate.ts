import { createWindowedCount } from './windowed-count.ts';

/** At least so many attempts must have ended before their failures say something. */
const MIN_ATTEMPTS = 20;
const WINDOW_MS = 60_000;

/** How many of the attempts of the last 60 s failed. */
export interface FailureRate {
  add(isFailure: boolean): void;
  /** Whether at least half of 20 or more attempts within 60 s failed. */
  isTooHigh(): boolean;
  reset(): void;
}

/** @param clock milliseconds, never set back */
export function createFailureRate(clock: () => number): FailureRate {
  const attempts = createWindowedCount(WINDOW_MS, clock);
  const failures = createWindowedCount(WINDOW_MS, clock);

  return {
    add(isFailure) {
      attempts.add();
      if (isFailure) failures.add();
    },
    isTooHigh: () => attempts.total() >= MIN_ATTEMPTS && failures.total() * 2 >= attempts.total(),
    reset() {
      attempts.reset();
      failures.reset();
    },
  };
}
