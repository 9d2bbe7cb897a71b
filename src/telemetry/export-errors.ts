import type { Logger } from './logger.ts';
import { createSumUp } from './sum-up.ts';

/**
 * Logs failed exports of traces once a minute, with their number: a collector that is away fails every batch.
 * @param steadyMs milliseconds since whenever; never set back, or nothing would be written until the clock is there again
 */
export function createExportErrors(log: Logger, steadyMs: () => number): (error: unknown) => void {
  const sumUp = createSumUp(steadyMs);
  return (error) =>
    sumUp('export', (errors) =>
      log.warn({ err: error, errors }, 'traces were not exported; answers go on without them'),
    );
}
