import type { NearestDays } from '../../domain/zone-days.ts';
import type { SpendingOfDay, SpendingStore, StoredSpending } from '../../upstream/ledger/spending-store.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface RedisSpendingStoreOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** Whose limit it is; undefined for the account's. A client's name holds no space. */
  readonly client?: string | undefined;
  /** This replica; differs from start to start. */
  readonly owner: string;
}

/**
 * How long a day is kept after its last call, in seconds. It is asked for again by a replica whose clock is behind, and
 * after a change of time zone: a day that began in UTC+14 ends 51 hours later in UTC-12.
 */
const KEPT_SECONDS = 3 * 86_400;

/** The counts of a ledger in Redis, which all replicas share. */
export function createRedisSpendingStore({ link, keys, client, owner }: RedisSpendingStoreOptions): SpendingStore {
  const spentOn = ({ before, after }: NearestDays) => [keys.spent(before, client), keys.spent(after, client)];

  const settle: SpendingStore['settle'] = async ({ id, day, billed, unknown }, known) => {
    const names = [keys.reservations, keys.spent(day, client), keys.settled(id), keys.abandoned];
    const values = [id, billed, unknown, known.billed, known.unknown, KEPT_SECONDS];
    return spendingIn((await link.script('kolgwSettle', names, ...values)) as number[]);
  };

  return {
    async today(days) {
      const reply = await link.script('kolgwSpent', spentOn(days), days.midnightMs);
      return chosenDay(days, reply as readonly number[]);
    },
    async reserve({ id, days, budget, flight = '' }) {
      const names = [...spentOn(days), keys.reservations, keys.settled(id)];
      const values = [days.midnightMs, id, budget ?? '', owner, flight, KEPT_SECONDS];
      const [isGranted, ...chosen] = (await link.script('kolgwReserve', names, ...values)) as readonly number[];
      return { isGranted: isGranted === 1, ...chosenDay(days, chosen) };
    },
    settle,
    async settleMany(_day, settlements, known) {
      // The connection keeps their order, so the last reply counts all of them. A rejection waits for the rest: what is
      // on its way must not be sent again.
      const replies = await Promise.allSettled(settlements.map((each) => settle(each, known)));
      const rejected = replies.find((reply) => reply.status === 'rejected');
      const last = replies.at(-1);
      if (last?.status !== 'fulfilled' || rejected) throw rejected?.reason;
      return last.value;
    },
    async raise({ day, billed, unknown }) {
      await link.script('kolgwRaise', [keys.spent(day, client)], billed, unknown, KEPT_SECONDS);
    },
  };
}

/** @param reply whether the day after midnight was chosen (1) or the one before (0), and its counts */
function chosenDay({ before, after }: NearestDays, [isAfter, ...spent]: readonly number[]): SpendingOfDay {
  return { day: isAfter === 1 ? after : before, spending: spendingIn(spent) };
}

function spendingIn([billed, unknown, open]: readonly (string | number | null)[]): StoredSpending {
  return { billed: Number(billed ?? 0), unknown: Number(unknown ?? 0), open: Number(open ?? 0) };
}
