import { LRUCache } from 'lru-cache';
import type { LinkIndexKey, LinkIndexOutcome, LinkIndexSource } from '../upstream/link-index-source.ts';
import { cacheKeyOf, type Entry, isUsable, type Lifetimes, lifetimeOf } from './entry.ts';
import { createSingleFlight } from './single-flight.ts';

export interface LinkIndexCacheOptions {
  /** Where an answer is bought that is not here. */
  readonly source: LinkIndexSource;
  readonly lifetimes: Lifetimes;
  readonly maxEntries: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface LinkIndexCache extends LinkIndexSource {
  /** What is already paid for and may be served now; synchronous, so that a hit never waits for a miss. */
  peek(key: LinkIndexKey): LinkIndexOutcome | undefined;
  /** Settles when no purchase is in flight. */
  idle(): Promise<void>;
}

/** Answers already paid for, in front of the source that sells them. */
export function createLinkIndexCache({ source, lifetimes, maxEntries, clock }: LinkIndexCacheOptions): LinkIndexCache {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  // Outside the LRU: lru-cache's own `fetch` aborts a flight when its entry is evicted.
  const purchases = createSingleFlight<LinkIndexOutcome>();

  function recall(cacheKey: string): Entry | undefined {
    const entry = entries.get(cacheKey);
    return entry !== undefined && isUsable(entry, lifetimes, clock()) ? entry : undefined;
  }

  function remember(cacheKey: string, entry: Entry): void {
    if (lifetimeOf(entry, lifetimes) === 0) return;
    // A failed refresh removes nothing that can still be served.
    if (entry.kind === 'failure' && recall(cacheKey) !== undefined) return;
    entries.set(cacheKey, entry);
  }

  return {
    peek: (key) => recall(cacheKeyOf(key)),

    read(key, options) {
      const cacheKey = cacheKeyOf(key);
      const buy = async (): Promise<LinkIndexOutcome> => {
        const outcome = await source.read(key, options);
        remember(cacheKey, outcome);
        return outcome;
      };
      if (!options.acceptCache) return purchases.joinForced(cacheKey, buy);
      const entry = recall(cacheKey);
      return entry !== undefined ? Promise.resolve(entry) : purchases.join(cacheKey, buy);
    },

    idle: () => purchases.idle(),
  };
}
