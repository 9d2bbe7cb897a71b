import type { Logger } from './logger.ts';
import { createSumUp } from './sum-up.ts';

/** Logs a fault of our own under the request that met it; the same fault again once a minute, with how often. */
export type LogFault = (
  error: unknown,
  where: { readonly requestId: string; readonly path?: readonly (string | number)[] | undefined },
) => void;

/** @param clock milliseconds since the epoch */
export function createLogFault(log: Logger, clock: () => number): LogFault {
  const sumUp = createSumUp(clock);
  return (error, where) =>
    sumUp(String(error), (times) =>
      log.error({ ...where, err: error, ...(times > 1 && { times }) }, 'unexpected fault'),
    );
}
