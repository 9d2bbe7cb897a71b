import type { Logger } from './logger.ts';
import { createSumUp } from './sum-up.ts';

/** Logs a fault of our own under the request that met it; the same fault again once a minute, with how often. */
export type LogFault = (
  error: unknown,
  where: { readonly requestId: string; readonly path?: readonly (string | number)[] | undefined },
) => void;

/** @param steadyMs milliseconds since whenever; never set back, or nothing would be written until the clock is there again */
export function createLogFault(log: Logger, steadyMs: () => number): LogFault {
  const sumUp = createSumUp(steadyMs);
  return (error, where) =>
    sumUp(String(error), (times) =>
      log.error({ ...where, err: error, ...(times > 1 && { times }) }, 'unexpected fault'),
    );
}
