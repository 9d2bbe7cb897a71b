import { createLinkIndexCache, type LinkIndexCache } from '../../src/cache/cache.ts';
import type { Lifetimes } from '../../src/cache/entry.ts';
import type { Leases } from '../../src/cache/flights.ts';
import { createAnswerMemory } from '../../src/cache/memory.ts';
import { createWriteBehindStore, noOpStore } from '../../src/cache/write-behind.ts';
import type { LinkIndexKey } from '../../src/domain/link-index.ts';
import { daysIn } from '../../src/domain/zone-days.ts';
import { createClientLedgers } from '../../src/upstream/ledger/ledger.ts';
import { createMemoryLedger } from '../../src/upstream/ledger/memory-ledger.ts';
import { createStoredLedger } from '../../src/upstream/ledger/stored-ledger.ts';
import { spendWithinBudget } from '../../src/upstream/policies/budget.ts';
import { extendLease } from '../../src/upstream/policies/lease.ts';
import { createSharedLeases } from './shared-leases.ts';
import { createSharedMemory, type SharedMemory } from './shared-memory.ts';
import { type Conditions, createPaidUpstream, type PaidUpstream, type System } from './system.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface GatewaysOptions extends Conditions {
  readonly time: VirtualTime;
  /** Whether they share a store, or each has its own memory and nothing else. */
  readonly isShared: boolean;
}

const MINUTE_MS = 60_000;

/** The product's own replicas, from the cache to the ledger, in front of one upstream. */
export function createGateways(options: GatewaysOptions): System {
  const { time, kolCount, replicaCount, latencyMs, isShared } = options;
  const upstream = createPaidUpstream(time, latencyMs);
  const shared = isShared ? createSharedMemory(time) : undefined;
  const replicas = Array.from({ length: replicaCount }, (_, index) => createReplica(options, upstream, shared, index));
  const keys = Array.from({ length: kolCount }, (_, index): LinkIndexKey => ({ kolId: `${index}`, industryTag: '' }));

  return {
    get billedCalls() {
      return upstream.billedCalls;
    },
    get commandCount() {
      return shared?.commandCount ?? 0;
    },
    close() {
      if (replicas.some(({ inFlight }) => inFlight > 0)) throw new Error('expected every purchase to end');
      const booked = shared?.bookedCalls() ?? upstream.billedCalls;
      if (booked === upstream.billedCalls) return;
      throw new Error(`expected ${upstream.billedCalls} billed calls in the books, found ${booked}`);
    },
    request(replicaIndex, kol) {
      const cache = replicas[replicaIndex] as LinkIndexCache;
      const key = keys[kol] as LinkIndexKey;
      const requester = { billedCalls: 0, waitOver: new Promise(() => {}) };
      const inFlightBefore = cache.inFlight;
      // As the loader asks: what is there at once, and else in the request's batch.
      if (cache.peek(key, requester)) return cache.inFlight > inFlightBefore;
      void cache.read(key, { acceptCache: true, requester });
      return true;
    },
  };
}

/** As `gateway.ts` builds it, without the parts that repeat, wait for a turn and break: this upstream never fails. */
function createReplica(
  { time, freshMs, dailyBudget, kolCount, maxEntries = kolCount }: GatewaysOptions,
  upstream: PaidUpstream,
  shared: SharedMemory | undefined,
  index: number,
): LinkIndexCache {
  const clock = time.nowMs;
  const { timers } = time;
  const lifetimes: Lifetimes = {
    freshMs,
    staleWhileRevalidateMs: 1380 * MINUTE_MS,
    staleIfErrorMs: 10_080 * MINUTE_MS,
    negativeMs: 10 * MINUTE_MS,
  };
  const memory = createAnswerMemory({ maxEntries, lifetimes, clock });
  const leases: Leases | undefined =
    shared &&
    createSharedLeases({
      shared,
      owner: `replica-${index}`,
      // As in `gateway.ts`: what is not in this memory is found in the store when it is asked for.
      onBought: (cacheKey, outcome) => memory.get(cacheKey) && memory.merge(cacheKey, outcome),
    });
  const days = daysIn('UTC');
  const ledger = shared
    ? createStoredLedger({
        spendingStore: shared.spendingStore,
        dailyBudget,
        days,
        mayStartBlind: true,
        clock,
        timers,
        onError: neverFails,
      })
    : createMemoryLedger({ dailyBudget, days, clock });
  const clients = createClientLedgers(() => createMemoryLedger({ dailyBudget: undefined, days, clock }));
  const source = extendLease(clock)(spendWithinBudget({ ledger, clients, clock })(upstream));
  const store = shared
    ? createWriteBehindStore({ store: shared.answers, timers, maxUnsaved: maxEntries, onError: neverFails })
    : noOpStore;
  const keyOf = ({ kolId }: LinkIndexKey) => kolId;
  const refusal = () => undefined;
  return createLinkIndexCache({ source, refusal, memory, store, leases, lifetimes, clock, keyOf });
}

/** Called within a promise of the product's: thrown outside of it, so that the run ends. */
function neverFails(operation: string, error: unknown): void {
  setImmediate(() => {
    throw new Error(`expected a store that never fails, ${operation} did`, { cause: error });
  });
}
