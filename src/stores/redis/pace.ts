import { STORE_PATIENCE_MS, type Timers, within } from '../../domain/time.ts';
import type { SharedPace } from '../../upstream/policies/admission.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface RedisPaceOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** Calls started per second, by all replicas together. */
  readonly maxPerSecond: number;
  /** Among how many the pace is divided while Redis is unavailable. */
  readonly sharers: () => number;
  /** Milliseconds since whenever; never set back. */
  readonly clock: () => number;
  readonly timers: Timers;
  readonly onError?: (operation: string, error: unknown) => void;
}

export function createRedisPace({ link, keys, maxPerSecond, ...options }: RedisPaceOptions): SharedPace {
  const { sharers, clock, timers, onError } = options;
  const spacingMs = 1000 / maxPerSecond;
  let nextMs = Number.NEGATIVE_INFINITY;

  return {
    async takePlace() {
      try {
        const place = link.script('kolgwPace', [keys.pace], Math.round(spacingMs * 1000));
        return Number(await within(timers, STORE_PATIENCE_MS, place)) / 1000;
      } catch (error) {
        onError?.('pace', error);
        const placeMs = Math.max(clock(), nextMs);
        nextMs = placeMs + spacingMs * sharers();
        return placeMs - clock();
      }
    },
  };
}
