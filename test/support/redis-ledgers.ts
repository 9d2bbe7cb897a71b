import { onTestFinished } from 'vitest';
import type { NearestDays } from '../../src/domain/zone-days.ts';
import type { RedisKeys } from '../../src/stores/redis/keys.ts';
import { createRedisSpendingStore } from '../../src/stores/redis/spending.ts';
import { createStoredLedger, type StoredLedgerOptions } from '../../src/upstream/ledger/stored-ledger.ts';
import { DAY } from './ledger-contract.ts';
import type { RedisInUse } from './redis-link.ts';
import { createTestClock, type TestClock } from './test-clock.ts';
import { UTC_DAYS } from './utc-days.ts';

export interface ReplicaOptions extends Partial<Pick<StoredLedgerOptions, 'dailyBudget' | 'days' | 'mayStartBlind'>> {
  readonly sharers?: number;
  readonly owner?: string;
  readonly client?: string;
  readonly clock?: TestClock;
  /** What the server's clock says; as the replica's by default. */
  readonly serverNowMs?: () => number;
}

/** The days between which a server chooses this one, whatever it is called. */
export function onDay(day: string): NearestDays {
  return { before: 'none', after: day, midnightMs: 0 };
}

/** Ledgers of replicas over one account in Redis. */
export function createRedisLedgers(redis: RedisInUse, keys: RedisKeys = redis.newKeys()) {
  let replicas = 0;

  return {
    keys,
    /** The ledger of one more replica, over a link of its own. */
    open(options: ReplicaOptions = {}) {
      replicas += 1;
      const { clock = createTestClock(), client, owner = `replica-${replicas}` } = options;
      const { dailyBudget, days = UTC_DAYS, sharers = 1, mayStartBlind = false, serverNowMs = clock.nowMs } = options;
      const link = redis.newLink(serverNowMs);
      const spendingStore = createRedisSpendingStore({ link, keys, client, owner });
      const errors: string[] = [];
      const ledger = createStoredLedger({
        ...{ spendingStore, dailyBudget, days, sharers: () => sharers, mayStartBlind },
        ...{ clock: clock.nowMs, timers: clock.timers },
        onError: (operation, error) => errors.push(`${operation}: ${(error as Error).message}`),
      });
      onTestFinished(() => ledger.close());
      return { ledger, link, spendingStore, clock, errors };
    },
    /** What the books say, as whoever starts next would read them. */
    async booked(client?: string, day = DAY) {
      const spendingStore = createRedisSpendingStore({ link: redis.newLink(() => 1), keys, client, owner: 'reader' });
      return (await spendingStore.today(onDay(day))).spending;
    },
    /** What was reserved for a flight, or by replicas that were not heard of for so many seconds, counts as unknown. */
    abandon: (flight: string, silentSeconds = 0) =>
      redis
        .newLink()
        .script(
          'kolgwAbandon',
          [keys.reservations, keys.replicas, keys.abandoned, keys.sweep],
          flight,
          silentSeconds,
        ) as Promise<readonly string[]>,
  };
}
