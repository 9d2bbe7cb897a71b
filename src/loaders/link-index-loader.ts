import DataLoader from 'dataloader';
import { cacheKeyOf } from '../cache/entry.ts';
import type { LinkIndexCache } from '../cache/link-index-cache.ts';
import type { LinkIndexKey, LinkIndexOutcome } from '../upstream/link-index-source.ts';

interface Read {
  readonly key: LinkIndexKey;
  readonly acceptCache: boolean;
}

/** What one request reads through. A key that it names twice is read once. */
export interface LinkIndexLoader {
  /** The answer itself when it is cached, so that a hit enters no batch; else a promise, which never rejects. */
  load(key: LinkIndexKey, acceptCache: boolean): LinkIndexOutcome | Promise<LinkIndexOutcome>;
}

/** One per request. */
export function createLinkIndexLoader(cache: LinkIndexCache): LinkIndexLoader {
  // The batch gives a promise per key and not the outcomes, so that each key settles on its own.
  const misses = new DataLoader<Read, Promise<LinkIndexOutcome>, string>(
    async (reads) => reads.map(({ key, acceptCache }) => cache.read(key, { acceptCache })),
    { cacheKeyFn: ({ key, acceptCache }) => `${acceptCache}\n${cacheKeyOf(key)}` },
  );

  return {
    load: (key, acceptCache) =>
      (acceptCache ? cache.peek(key) : undefined) ?? misses.load({ key, acceptCache }).then((outcome) => outcome),
  };
}
