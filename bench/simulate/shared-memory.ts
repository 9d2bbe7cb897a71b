import type { AnswerStore, StoredOutcome } from '../../src/cache/write-behind.ts';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { chooseDay } from '../../src/domain/zone-days.ts';
import type { SpendingStore, StoredSpending } from '../../src/upstream/ledger/spending-store.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What all replicas are told when a purchase ends. */
export interface Update {
  readonly cacheKey: string;
  readonly token: string;
  readonly outcome: LinkIndexOutcome | undefined;
}

/** In place of Redis: one command after the other, each of which takes time on its way there and on its way back. */
export interface SharedMemory {
  readonly answers: AnswerStore;
  readonly spendingStore: SpendingStore;
  /** The token of the flight that has the lease of a key, and whether it is forced. */
  readonly leases: Map<string, { readonly token: string; readonly isForced: boolean }>;
  /** Runs a command there. */
  run<Reply>(command: () => Reply): Promise<Reply>;
  /** Tells every replica, the one that publishes as well; part of a command. */
  publish(update: Update): void;
  subscribe(listener: (update: Update) => void): void;
  readonly commandCount: number;
  /** Billed calls that the books know of. @throws when a reservation is still open */
  bookedCalls(): number;
}

/** From a replica to the store, or back, in milliseconds. */
const ONE_WAY_MS = 1;

export function createSharedMemory(time: VirtualTime): SharedMemory {
  const answers = new Map<string, StoredOutcome>();
  const days = new Map<string, StoredSpending>();
  const listeners: ((update: Update) => void)[] = [];
  let commandCount = 0;

  function run<Reply>(command: () => Reply): Promise<Reply> {
    commandCount += 1;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    time.afterQuietly(ONE_WAY_MS, () => {
      const reply = command();
      time.timers.after(ONE_WAY_MS, () => resolve(reply));
    });
    return promise;
  }

  const spentOn = (day: string): StoredSpending => days.get(day) ?? { billed: 0, unknown: 0, open: 0 };

  function book(day: string, { billed = 0, unknown = 0, open }: Partial<StoredSpending> & { open: number }) {
    const before = spentOn(day);
    const spending = { billed: before.billed + billed, unknown: before.unknown + unknown, open: before.open + open };
    days.set(day, spending);
    return spending;
  }

  return {
    leases: new Map(),
    run,
    answers: {
      getMany: (cacheKeys) => run(() => cacheKeys.flatMap((cacheKey) => answers.get(cacheKey) ?? [])),
      put: (stored) => run(() => void answers.set(stored.cacheKey, stored)),
    },
    spendingStore: {
      today: (days) =>
        run(() => {
          const day = chooseDay(days, time.nowMs());
          return { day, spending: spentOn(day) };
        }),
      reserve: ({ days, budget = Number.POSITIVE_INFINITY }) =>
        run(() => {
          const day = chooseDay(days, time.nowMs());
          const { billed, unknown, open } = spentOn(day);
          const isGranted = billed + unknown + open < budget;
          return { day, isGranted, spending: book(day, { open: Number(isGranted) }) };
        }),
      settle: ({ day, billed, unknown }) => run(() => book(day, { billed, unknown, open: -1 })),
      settleMany: () => Promise.reject(new Error('expected a store that never makes a settlement wait')),
      raise: () => Promise.reject(new Error('expected books that are never lost')),
    },
    publish(update) {
      time.timers.after(ONE_WAY_MS, () => {
        for (const listener of listeners) listener(update);
      });
    },
    subscribe: (listener) => void listeners.push(listener),
    get commandCount() {
      return commandCount;
    },
    bookedCalls() {
      const all = [...days.values()];
      if (all.some(({ open }) => open !== 0)) throw new Error('expected every reservation to be settled');
      return all.reduce((sum, { billed }) => sum + billed, 0);
    },
  };
}
