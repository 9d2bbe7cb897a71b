import type { Logger } from './logger.ts';

const INTERVAL_MS = 60_000;

/** Counts the errors of a store, and logs them once a minute: a store that is away fails at every read. */
export interface StoreErrors {
  note(operation: string, error: unknown): void;
  readonly count: number;
}

/**
 * @param store where it is, without a secret
 * @param clock milliseconds since the epoch
 */
export function createStoreErrors(log: Logger, store: string, clock: () => number): StoreErrors {
  let count = 0;
  let loggedCount = 0;
  let quietUntilMs = 0;

  return {
    note(operation, error) {
      count += 1;
      if (clock() < quietUntilMs) return;
      quietUntilMs = clock() + INTERVAL_MS;
      log.error(
        { store, operation, err: error, errors: count - loggedCount },
        'the store failed; answers go on without it',
      );
      loggedCount = count;
    },
    get count() {
      return count;
    },
  };
}
