import type { Conditions } from './system.ts';
import type { Trace } from './trace.ts';

/**
 * The fewest calls that can serve a trace with answers no older than their fresh lifetime, or, in the second window, with
 * one call for each time that it ended: a KOL is bought at its first request, and again at the first request after the
 * lifetime, which begins when the answer comes. Whoever asks while the call is under way shares it. Buying earlier or
 * later than that covers no more requests per call.
 */
export function optimumOf(
  { kolCount, atMs, kols }: Trace,
  { freshMs, latencyMs }: Pick<Conditions, 'freshMs' | 'latencyMs'>,
): number {
  const freshUntilMs = new Float64Array(kolCount);
  let calls = 0;
  for (const [index, kol] of kols.entries()) {
    const nowMs = atMs[index] as number;
    if (nowMs < (freshUntilMs[kol] as number)) continue;
    calls += 1;
    freshUntilMs[kol] = nowMs + latencyMs + freshMs;
  }
  return calls;
}
