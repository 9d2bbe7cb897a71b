import type { Logger } from './logger.ts';
import { createSumUp } from './sum-up.ts';

/**
 * Logs failed exports of traces once a minute, with their number: a collector that is away fails every batch.
 * @param clock milliseconds since the epoch
 */
export function createExportErrors(log: Logger, clock: () => number): (error: unknown) => void {
  const sumUp = createSumUp(clock);
  return (error) =>
    sumUp('export', (errors) =>
      log.warn({ err: error, errors }, 'traces were not exported; answers go on without them'),
    );
}
