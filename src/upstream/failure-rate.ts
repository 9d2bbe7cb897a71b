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

/** @param clock milliseconds since the epoch */
export function createFailureRate(clock: () => number): FailureRate {
  let attempts: { readonly atMs: number; readonly isFailure: boolean }[] = [];

  return {
    add(isFailure) {
      const nowMs = clock();
      attempts = attempts.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
      attempts.push({ atMs: nowMs, isFailure });
    },
    isTooHigh() {
      const failures = attempts.filter(({ isFailure }) => isFailure).length;
      return attempts.length >= MIN_ATTEMPTS && failures * 2 >= attempts.length;
    },
    reset() {
      attempts = [];
    },
  };
}
