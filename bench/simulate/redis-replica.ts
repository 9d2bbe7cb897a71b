import { systemTimers } from '../../src/domain/time.ts';
import { daysIn } from '../../src/domain/zone-days.ts';
import { createRedisAnswerStore } from '../../src/stores/redis/answers-in-redis.ts';
import { createRedisKeys } from '../../src/stores/redis/keys.ts';
import { createRedisLeases } from '../../src/stores/redis/leases.ts';
import type { RedisLink } from '../../src/stores/redis/link.ts';
import { createRedisRates } from '../../src/stores/redis/rates.ts';
import { createRedisSpendingStore } from '../../src/stores/redis/spending.ts';
import { answerOf, kolIdOf } from './redis-answers.ts';

export const keys = createRedisKeys('v1 http://127.0.0.1');

/** The parts of one replica that ask Redis. */
export type RedisReplica = ReturnType<typeof createRedisReplica>;

export function createRedisReplica(link: RedisLink, owner: string) {
  const ignore = () => {};
  const store = createRedisAnswerStore({ link, keys, isCluster: false, clock: Date.now, clockOffsetMs: () => 0 });
  const days = daysIn('UTC');
  const spendingStore = createRedisSpendingStore({ link, keys, owner });
  const rates = createRedisRates({ link, keys, sharers: () => 1, timers: systemTimers, onError: ignore });
  const leases = createRedisLeases({
    ...{ link, keys, owner, leaseMs: 65_000, timers: systemTimers, clockOffsetMs: () => 0 },
    abandon: async () => {},
    isRemembered: () => false,
    onBought: ignore,
  });
  let looks = 0;
  const reserve = (id: string) =>
    spendingStore.reserve({ id, days: days.nearestTo(Date.now()), budget: undefined, flight: id });

  return {
    fill: (index: number) => store.put(answerOf(index)),
    storedRead: (index: number) => store.getMany([kolIdOf(index)]),
    countedRequest: () => rates.count('bench'),
    open: (index: number) => reserve(`open:${index}`),
    /** As one replica does for all every five seconds; here as often as it is asked for. */
    lookForAbandoned: () => {
      looks += 1;
      const names = [keys.reservations, keys.replicas, keys.abandoned, `${keys.sweep}:${looks}`];
      return link.script('kolgwAbandon', names, '', 60);
    },
    /** Everything that a miss asks, in its order. */
    async purchase(index: number) {
      const stored = answerOf(index);
      await store.getMany([stored.cacheKey]);
      const lease = await leases.acquire(stored.cacheKey, false);
      if (lease.kind !== 'held') return;
      try {
        await store.getMany([stored.cacheKey]);
        await lease.extend();
        const id = lease.token;
        const { day } = await reserve(id);
        await spendingStore.settle({ id, day, billed: 1, unknown: 0 }, { billed: 0, unknown: 0 });
        await store.put(stored);
      } finally {
        await lease.end(stored.outcome);
      }
    },
  };
}
