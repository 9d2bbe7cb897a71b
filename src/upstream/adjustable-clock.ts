/** A clock that can be set by one that others share, so that a lifetime means the same on all of them. */
export interface AdjustableClock {
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** By how much it was set so far, in milliseconds. */
  readonly offsetMs: number;
  /**
   * Sets it by what the shared clock said just now; a difference that messages make on their way is let be.
   * @returns by how much it was wrong, in milliseconds; 0 where it was let be
   */
  setBy(sharedNowMs: number): number;
}

/** Less is no error of a clock, in milliseconds. */
const TOLERANCE_MS = 1000;

/** @param onSet told when it has been set */
export function createAdjustableClock(clock: () => number, onSet?: () => void): AdjustableClock {
  let offsetMs = 0;
  const nowMs = () => clock() + offsetMs;

  return {
    nowMs,
    get offsetMs() {
      return offsetMs;
    },
    setBy(sharedNowMs) {
      const errorMs = Math.round(sharedNowMs - nowMs());
      if (Math.abs(errorMs) < TOLERANCE_MS) return 0;
      offsetMs += errorMs;
      onSet?.();
      return errorMs;
    },
  };
}
