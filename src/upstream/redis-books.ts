import type { RedisKeys } from '../redis/keys.ts';
import type { RedisLink } from '../redis/link.ts';
import type { BookedSpending, SpendingBooks } from './spending-books.ts';

export interface RedisBooksOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** Whose limit it is; undefined for the account's. A client's name holds no space. */
  readonly client?: string | undefined;
  /** This replica; differs from start to start. */
  readonly owner: string;
}

/** A day is of no use to anybody after it; replicas whose clocks differ may still ask, in seconds. */
const KEPT_SECONDS = 3 * 86_400;

/** A ledger's books in Redis, which all replicas share. */
export function createRedisBooks({ link, keys, client, owner }: RedisBooksOptions): SpendingBooks {
  return {
    async spendingOf(day) {
      const spent = await link.run((redis) => redis.hmget(keys.spent(day, client), 'billed', 'unknown', 'open'));
      return spendingIn(spent);
    },
    async reserve({ id, day, budget, flight = '' }) {
      const names = [keys.reservations, keys.spent(day, client), keys.settled(id)];
      const reply = await link.script('kolgwReserve', names, id, budget ?? '', owner, flight, KEPT_SECONDS);
      const [isGranted, ...spent] = reply as readonly number[];
      return { isGranted: isGranted === 1, spending: spendingIn(spent) };
    },
    async settle({ id, day, billed, unknown }, known) {
      const names = [keys.reservations, keys.spent(day, client), keys.settled(id), keys.abandoned];
      const values = [id, billed, unknown, known.billed, known.unknown, KEPT_SECONDS];
      return spendingIn((await link.script('kolgwSettle', names, ...values)) as number[]);
    },
    async raise({ day, billed, unknown }) {
      await link.script('kolgwRaise', [keys.spent(day, client)], billed, unknown, KEPT_SECONDS);
    },
  };
}

function spendingIn([billed, unknown, open]: readonly (string | number | null)[]): BookedSpending {
  return { billed: Number(billed ?? 0), unknown: Number(unknown ?? 0), open: Number(open ?? 0) };
}
