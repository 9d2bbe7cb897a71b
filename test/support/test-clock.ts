import type { Timers } from '../../src/domain/time.ts';

/** A clock that stands until it is moved, with the timers that hang on it. */
export interface TestClock {
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Is never set, and what timers go by. */
  readonly steadyMs: () => number;
  readonly timers: Timers;
  /** Timers that have not gone off. */
  readonly pending: number;
  /** Moves the clock, and lets go off what is due on the way, in its order. */
  advanceMs(ms: number): void;
  /** Sets the clock forward or back, as an operator or NTP does: no time passes. */
  setByMs(ms: number): void;
}

export function createTestClock(startMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)): TestClock {
  let now = startMs;
  let setMs = 0;
  const waiting = new Set<{ readonly dueMs: number; readonly callback: () => void }>();

  return {
    nowMs: () => now + setMs,
    steadyMs: () => now,
    timers: {
      after(ms, callback) {
        const timer = { dueMs: now + ms, callback };
        waiting.add(timer);
        return () => waiting.delete(timer);
      },
    },
    get pending() {
      return waiting.size;
    },
    advanceMs(ms) {
      const untilMs = now + ms;
      for (;;) {
        const [next] = [...waiting].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
        if (!next) break;
        waiting.delete(next);
        now = Math.max(now, next.dueMs);
        next.callback();
      }
      now = untilMs;
    },
    setByMs(ms) {
      setMs += ms;
    },
  };
}
