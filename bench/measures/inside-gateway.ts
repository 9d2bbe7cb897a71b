import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** Preloaded into a gateway: on SIGUSR2 it writes what it knows of itself to the file that `BENCH_REPORT` names. */
export interface InsideReport {
  /** After a full collection of garbage. */
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  /** Since the last report, in milliseconds. */
  readonly longestCollectionMs: number;
  readonly longestLoopDelayMs: number;
}

const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

let longestCollectionMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestCollectionMs = Math.max(longestCollectionMs, duration);
}).observe({ entryTypes: ['gc'] });

process.on('SIGUSR2', () => {
  const longest = { longestCollectionMs, longestLoopDelayMs: delays.max / 1e6 };
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const report: InsideReport = { residentBytes: rss, heapUsedBytes: heapUsed, ...longest };
  writeFileSync(process.env['BENCH_REPORT'] as string, JSON.stringify(report));
  // Its own collection is not to be the next report's longest.
  setTimeout(() => {
    longestCollectionMs = 0;
    delays.reset();
  }, 10);
});
