import { cacheKeyOf, createLinkIndexCache } from '../../src/cache/cache.ts';
import type { Lifetimes } from '../../src/cache/entry.ts';
import type { Leases } from '../../src/cache/flights.ts';
import { createAnswerMemory } from '../../src/cache/memory.ts';
import { type AnswerStore, createWriteBehindStore, type StoredOutcome } from '../../src/cache/write-behind.ts';
import type { EndpointName, LinkIndexKey, LinkIndexOutcome } from '../../src/domain/link-index.ts';
import type { UpstreamError } from '../../src/domain/upstream-error.ts';
import { ENDPOINTS } from '../../src/upstream/endpoints.ts';
import { createRequester } from '../support/requester.ts';
import { createTestClock, type TestClock } from '../support/test-clock.ts';
import { createHeldSource, settled } from './held-source.ts';
import { createImpatient, wordOf } from './paid-outcomes.ts';

export const SECOND_WINDOW_MS = 100_000;
export const THIRD_WINDOW_MS = 300_000;
export const TOO_OLD_MS = 900_000;

export const LIFETIMES: Lifetimes = {
  freshMs: SECOND_WINDOW_MS,
  staleWhileRevalidateMs: THIRD_WINDOW_MS - SECOND_WINDOW_MS,
  staleIfErrorMs: TOO_OLD_MS - THIRD_WINDOW_MS,
  negativeMs: 400_000,
};

/** A store that holds its writes or its reads while it is told to. */
export function createHeldStore() {
  const rows = new Map<string, StoredOutcome>();
  let gates = { put: Promise.withResolvers<void>(), get: Promise.withResolvers<void>() };
  const holding = { put: false, get: false };
  const store: AnswerStore = {
    async getMany(cacheKeys) {
      const found = cacheKeys
        .flatMap((key) => [rows.get(`${key} answer`) ?? [], rows.get(`${key} failure`) ?? []])
        .flat();
      if (holding.get) await gates.get.promise;
      return found;
    },
    async put(stored) {
      if (holding.put) await gates.put.promise;
      rows.set(`${stored.cacheKey} ${stored.outcome.kind === 'failure' ? 'failure' : 'answer'}`, stored);
    },
  };
  return {
    store,
    rows,
    hold(what: 'put' | 'get') {
      holding[what] = true;
    },
    release() {
      holding.put = false;
      holding.get = false;
      gates.put.resolve();
      gates.get.resolve();
      gates = { put: Promise.withResolvers<void>(), get: Promise.withResolvers<void>() };
      return settled();
    },
  };
}

export interface CacheLineOptions {
  readonly clock?: TestClock;
  readonly held?: ReturnType<typeof createHeldStore>;
  readonly leases?: Leases;
}

/** A cache over a source whose calls end when the test says so. */
export function createCacheLine({
  clock = createTestClock(),
  held = createHeldStore(),
  leases,
}: CacheLineOptions = {}) {
  const source = createHeldSource(clock.nowMs);
  let endpoint: EndpointName = 'kol-link-info';
  let refusal: UpstreamError | undefined;
  const keyOf = (key: LinkIndexKey, name = endpoint) => cacheKeyOf(key, ENDPOINTS[name]);
  const memory = createAnswerMemory({ maxEntries: 100, lifetimes: LIFETIMES, clock: clock.nowMs });
  const store = createWriteBehindStore({ store: held.store, timers: clock.timers, maxUnsaved: 100 });
  const cache = createLinkIndexCache({
    ...{ source, refusal: () => refusal, memory, store, leases, keyOf },
    lifetimes: LIFETIMES,
    clock: clock.nowMs,
  });

  /** Begins to read as a request does; the outcome is in `seen` as soon as there is one. */
  async function read(key: LinkIndexKey, acceptCache = true, impatient = createImpatient()) {
    const reader = {
      seen: undefined as LinkIndexOutcome | undefined,
      leave: impatient.leave,
      word: () => wordOf(reader.seen),
    };
    const hit = acceptCache ? cache.peek(key) : undefined;
    const outcome = hit ? Promise.resolve(hit) : cache.read(key, { acceptCache, requester: impatient.requester });
    outcome.then((settledTo) => {
      reader.seen = settledTo;
    });
    await settled();
    return reader;
  }

  return {
    clock,
    held,
    source,
    memory,
    cache,
    keyOf,
    read,
    force: (key: LinkIndexKey) => read(key, false),
    /** An answer from so long ago. */
    async buy(key: LinkIndexKey, ageMs = 0) {
      void cache.read(key, { acceptCache: true, requester: createRequester() });
      await settled();
      await source.end(source.calls.length - 1, 0);
      clock.advanceMs(ageMs);
    },
    endLast: (...reply: Parameters<typeof source.end> extends [number, ...infer Rest] ? Rest : never) =>
      source.end(source.calls.length - 1, ...reply),
    refuse(error: UpstreamError | undefined) {
      refusal = error;
    },
    moveToSuccessor() {
      endpoint = 'author-link-info';
    },
  };
}
