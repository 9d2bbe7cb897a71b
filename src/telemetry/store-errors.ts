import type { Logger } from './logger.ts';
import { createSumUp } from './sum-up.ts';

/** Logs the errors of a store once a minute, with their number: a store that is away fails at every read. */
export interface StoreErrors {
  note(operation: string, error: unknown): void;
}

/**
 * @param store where it is, without a secret
 * @param steadyMs milliseconds since whenever; never set back, or nothing would be written until the clock is there again
 */
export function createStoreErrors(log: Logger, store: string, steadyMs: () => number): StoreErrors {
  const sumUp = createSumUp(steadyMs);
  return {
    note(operation, error) {
      sumUp(store, (errors) =>
        log.error({ store, operation, err: error, errors }, 'the store failed; answers go on without it'),
      );
    },
  };
}
