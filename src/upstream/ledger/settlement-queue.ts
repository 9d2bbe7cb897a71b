import { randomUUID } from 'node:crypto';
import { STORE_PATIENCE_MS, type Timers, within } from '../../domain/time.ts';
import type { Settlement, SpendingStore, StoredSpending } from './spending-store.ts';

/** How often the store is tried while it is unavailable and nothing else reads it, in milliseconds. */
const RETRY_MS = 1000;
/** So many settlements are sent at a time, so that a read does not wait behind all of them. */
const BATCH_SIZE = 100;

export interface SettlementQueueOptions {
  readonly spendingStore: SpendingStore;
  readonly timers: Timers;
  /** The last that the store said of a day. */
  readonly knownOn: (day: string) => StoredSpending;
  /** Called with what a day counts in the store, after the store has taken a settlement of it. */
  readonly onStored: (day: string, spending: StoredSpending) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Settlements on their way to a store that may be unavailable. An event costs the same however many wait: at most one
 * settlement is sent as a probe, and the others follow in batches when the store has taken it.
 *
 * What waits is bounded. A call that was reserved in the store keeps its own settlement, because each of these is stored once;
 * there are no more of them than calls were in flight when the store failed. Calls that were reserved in memory
 * are counts: one sum for each day, and one that is on its way.
 */
export interface SettlementQueue {
  /** Whether something waits for the store. */
  readonly isWaiting: boolean;
  /** Calls of a day that were reserved in memory, as far as the store has not taken them. */
  unstoredOn(day: string): StoredSpending;
  /** Counts a call that is reserved in memory. @returns what ends it, which settles as `settle` does */
  openInMemory(day: string): (cost: Cost) => Promise<void>;
  /** Ends a call that was reserved in the store. Never rejects; settles when it is stored, and after 50 ms at the latest. */
  settle(settlement: Settlement): Promise<void>;
  /** The same for a call of which the store just failed to say whether it is reserved: it is sent with the next try. */
  settleLater(settlement: Settlement): void;
  /** Sends what waits. Rejects when the store does not take it, or not within 50 ms; at once while a call is known to be late. */
  flush(): Promise<void>;
  /** Sends what waits a last time, for at most a second. */
  close(): Promise<void>;
}

export type Cost = Pick<Settlement, 'billed' | 'unknown'>;

interface Unstored {
  open: number;
  billed: number;
  unknown: number;
  /** The part of it that was not yet sent. */
  unsent: { billed: number; unknown: number };
}

export function createSettlementQueue(options: SettlementQueueOptions): SettlementQueue {
  const { spendingStore, timers, knownOn, onStored, onError } = options;
  const waiting = new Set<Settlement>();
  const unbooked = new Map<string, Unstored>();
  /** Those among `waiting` that are sums of calls that were reserved in memory. */
  const sums = new WeakSet<Settlement>();
  /** Settlements that were sent on their own. */
  const underWay = new Set<Promise<void>>();
  let flushing: { readonly end: Promise<void>; readonly soon: Promise<void> } | undefined;
  let cancelRetry: (() => void) | undefined;
  let isClosed = false;

  function retryLater(): void {
    if (isClosed) return;
    cancelRetry ??= timers.after(RETRY_MS, () => {
      cancelRetry = undefined;
      flush().catch(() => {});
    });
  }

  /** @param batch of one day */
  async function send(batch: readonly Settlement[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    const { day } = first;
    const spending = await spendingStore.settleMany(day, batch, knownOn(day));
    for (const settlement of batch) {
      waiting.delete(settlement);
      if (sums.has(settlement)) subtract(settlement);
    }
    onStored(day, spending);
  }

  function subtract({ day, billed, unknown }: Settlement): void {
    const own = unbooked.get(day);
    if (own === undefined) return;
    own.billed -= billed;
    own.unknown -= unknown;
    forgetEmpty(day, own);
  }

  function forgetEmpty(day: string, { open, billed, unknown }: Unstored): void {
    if (open + billed + unknown === 0) unbooked.delete(day);
  }

  /** A sum that was sent keeps its id and its counts, because it may have been stored; so the next one waits for its end. */
  function sumUp(): void {
    for (const [day, own] of unbooked) {
      const { billed, unknown } = own.unsent;
      if (billed + unknown === 0) continue;
      own.unsent = { billed: 0, unknown: 0 };
      const sum = { id: randomUUID(), day, billed, unknown };
      sums.add(sum);
      waiting.add(sum);
    }
  }

  function nextBatch(size: number): readonly Settlement[] {
    if (waiting.size === 0) sumUp();
    const batch: Settlement[] = [];
    for (const settlement of waiting) {
      if (batch.length === size || settlement.day !== (batch[0] ?? settlement).day) break;
      batch.push(settlement);
    }
    return batch;
  }

  async function sendAll(probe: readonly Settlement[]): Promise<void> {
    try {
      for (let batch = probe; batch.length > 0; batch = nextBatch(BATCH_SIZE)) await send(batch);
    } catch (error) {
      retryLater();
      throw error;
    } finally {
      // At once, so that what comes next does not take this one for still going on.
      flushing = undefined;
    }
  }

  /** One at a time: what is on its way must not be sent twice. A caller that comes after the first 50 ms does not wait. */
  function flush(): Promise<void> {
    if (flushing === undefined) {
      const probe = nextBatch(1);
      if (probe.length === 0) return Promise.resolve();
      const end = sendAll(probe);
      flushing = { end, soon: within(timers, STORE_PATIENCE_MS, end) };
      flushing.soon.catch(onError);
    }
    return flushing.soon;
  }

  function settleLater(settlement: Settlement): void {
    waiting.add(settlement);
    retryLater();
  }

  function sendAlone(settlement: Settlement): Promise<void> {
    const sending = send([settlement]).catch((error: unknown) => {
      settleLater(settlement);
      throw error;
    });
    underWay.add(sending);
    const end = () => underWay.delete(sending);
    sending.then(end, end);
    return within(timers, STORE_PATIENCE_MS, sending).catch(onError);
  }

  const flushPatiently = () => flush().catch(() => {});

  return {
    get isWaiting() {
      return waiting.size > 0;
    },
    unstoredOn(day) {
      const { billed = 0, unknown = 0, open = 0 } = unbooked.get(day) ?? {};
      return { billed, unknown, open };
    },
    openInMemory(day) {
      const own = unbooked.get(day) ?? { open: 0, billed: 0, unknown: 0, unsent: { billed: 0, unknown: 0 } };
      own.open += 1;
      unbooked.set(day, own);
      return ({ billed, unknown }) => {
        own.open -= 1;
        own.billed += billed;
        own.unknown += unknown;
        own.unsent.billed += billed;
        own.unsent.unknown += unknown;
        forgetEmpty(day, own);
        return flushPatiently();
      };
    },
    settle(settlement) {
      if (waiting.size === 0) return sendAlone(settlement);
      waiting.add(settlement);
      return flushPatiently();
    },
    settleLater,
    flush,
    async close() {
      isClosed = true;
      cancelRetry?.();
      // What is on its way may still fail; then it is sent a last time.
      const rest = Promise.allSettled([...underWay, flushing?.end]).then(() => {
        flush().catch(() => {});
        return flushing?.end;
      });
      await within(timers, STORE_PATIENCE_MS * 20, rest).catch(() => {});
    },
  };
}
