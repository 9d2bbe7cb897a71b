import { STORE_PATIENCE_MS, type Timers, within } from '../../domain/time.ts';
import type { SharedRates } from '../../server/clients/rates.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface RedisRatesOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly sharers: () => number;
  readonly timers: Timers;
  readonly onError: (operation: string, error: unknown) => void;
}

const MINUTE_MS = 60_000;

/** Counts what clients send to all replicas, in windows of a minute that begin with their first request. */
export function createRedisRates({ link, keys, sharers, timers, onError }: RedisRatesOptions): SharedRates {
  return {
    sharers,
    async count(client) {
      try {
        const reply = await within(
          timers,
          STORE_PATIENCE_MS,
          link.script('kolgwCount', [keys.rate(client)], MINUTE_MS),
        );
        const [count = 0, msBeforeNext = 0] = reply as readonly number[];
        return { count, msBeforeNext };
      } catch (error) {
        onError('rates', error);
        throw error;
      }
    },
  };
}
