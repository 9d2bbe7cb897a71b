import { cutText } from './cut-text.ts';

const INTERVAL_MS = 60_000;
/** Different faults that are remembered at a time; beyond that the oldest is forgotten. */
const MAX_KINDS = 100;

/** Calls `write` for the first of a kind, and after that at most once a minute, with how many there were since the last time. */
export type SumUp = (kind: string, write: (count: number) => void) => void;

/**
 * What fails at every request must not fill the log.
 * @param steadyMs milliseconds since whenever; never set back, or nothing would be written until the clock is there again
 */
export function createSumUp(steadyMs: () => number): SumUp {
  const kinds = new Map<string, { count: number; quietUntilMs: number }>();

  return (kind, write) => {
    const key = cutText(kind);
    const known = kinds.get(key) ?? { count: 0, quietUntilMs: Number.NEGATIVE_INFINITY };
    known.count += 1;
    if (steadyMs() >= known.quietUntilMs) {
      write(known.count);
      known.count = 0;
      known.quietUntilMs = steadyMs() + INTERVAL_MS;
    }
    kinds.set(key, known);
    const [oldest] = kinds.keys();
    if (kinds.size > MAX_KINDS && oldest !== undefined) kinds.delete(oldest);
  };
}
