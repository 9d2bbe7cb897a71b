import DataLoader from 'dataloader';
import type { LinkIndexCache } from '../cache/link-index-cache.ts';
import type { LinkIndexKey, LinkIndexOutcome } from '../upstream/link-index-source.ts';
import type { RequestAccount } from './request-account.ts';

interface Read {
  readonly key: LinkIndexKey;
  readonly acceptCache: boolean;
}

/** What one request reads through. A key that it names twice is read once. */
export interface LinkIndexLoader {
  /** The answer itself when it is cached, so that a hit enters no batch; else a promise, which never rejects. */
  load(key: LinkIndexKey, acceptCache: boolean): LinkIndexOutcome | Promise<LinkIndexOutcome>;
}

export interface LinkIndexLoaderOptions {
  readonly cache: LinkIndexCache;
  readonly account: RequestAccount;
  /** For how much longer an outcome is fresh, in milliseconds. */
  readonly freshForMs: (outcome: LinkIndexOutcome) => number;
}

/** One per request. */
export function createLinkIndexLoader({ cache, account, freshForMs }: LinkIndexLoaderOptions): LinkIndexLoader {
  // The batch gives a promise per key and not the outcomes, so that each key settles on its own.
  const misses = new DataLoader<Read, Promise<LinkIndexOutcome>, string>(
    async (reads) => reads.map(({ key, acceptCache }) => cache.read(key, { acceptCache, requester: account })),
    { cacheKeyFn: ({ key, acceptCache }) => `${acceptCache}\n${key.kolId}\n${key.industryTag}` },
  );

  return {
    load(key, acceptCache) {
      const note = (outcome: LinkIndexOutcome): LinkIndexOutcome => {
        account.note(freshForMs(outcome), acceptCache);
        return outcome;
      };
      const hit = acceptCache ? cache.peek(key) : undefined;
      return hit
        ? note(hit)
        : misses
            .load({ key, acceptCache })
            .then((outcome) => outcome)
            .then(note);
    },
  };
}
