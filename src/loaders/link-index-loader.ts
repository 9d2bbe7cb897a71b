import DataLoader from 'dataloader';
import type { LinkIndexCache } from '../cache/link-index-cache.ts';
import type { LinkIndexKey, LinkIndexOutcome } from '../domain/link-index.ts';
import type { Span } from '../telemetry/span.ts';
import type { ReadNote, ReadSource, RequestAccount } from './request-account.ts';

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
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since whenever, for how long something takes; never set back. */
  readonly steadyMs: () => number;
  /** Told of every read, once for each key of the request. */
  readonly onRead?: ((read: ReadNote) => void) | undefined;
}

/** One per request. */
export function createLinkIndexLoader(options: LinkIndexLoaderOptions): LinkIndexLoader {
  const { cache, account, freshForMs, clock, steadyMs, onRead } = options;
  const seen = new Map<string, LinkIndexOutcome | Promise<LinkIndexOutcome>>();

  // The batch gives a promise per key and not the outcomes, so that each key settles on its own.
  const misses = new DataLoader<Read, Promise<LinkIndexOutcome>>(async (reads) => reads.map(readMiss), {
    cache: false,
  });

  async function readMiss(read: Read): Promise<LinkIndexOutcome> {
    const { key, acceptCache, span } = read;
    const startedMs = steadyMs();
    let isLed: boolean | undefined;
    const onBought = (bought: { readonly isLed: boolean }) => {
      isLed = bought.isLed;
    };
    const outcome = await cache.read(key, { acceptCache, requester: account, onBought, span });
    note(read, outcome, sourceOf(outcome, isLed), startedMs);
    return outcome;
  }

  function note(
    { key, acceptCache, span }: Read,
    outcome: LinkIndexOutcome,
    source: ReadSource,
    startedMs: number,
  ): void {
    const isCalled = source === 'bought' || source === 'coalesced' || source === 'failed';
    const read: ReadNote = {
      key,
      source,
      ageMs: outcome.kind === 'failure' ? undefined : Math.max(0, clock() - outcome.fetchedAtMs),
      attempts: isCalled ? (outcome.attempts ?? 0) : 0,
      durationMs: Math.round(steadyMs() - startedMs),
      freshForMs: freshForMs(outcome),
      isForced: !acceptCache,
      wouldBuy: outcome.kind === 'failure' && outcome.error.code === 'WOULD_BUY',
    };
    account.note(read);
    if (span) endStep(span, read, outcome);
    onRead?.(read);
  }

  function peek(read: Read): LinkIndexOutcome | undefined {
    const hit = cache.peek(read.key, account, read.span);
    if (hit) note(read, hit, hit.kind === 'answer' ? ifFresh(hit, 'memory') : 'negative', steadyMs());
    return hit;
  }

  return {
    load(key, acceptCache) {
      const name = `${acceptCache}\n${key.kolId}\n${key.industryTag}`;
      const before = seen.get(name);
      if (before) return before;
      const read: Read = { key, acceptCache, span: account.span?.child('cache read') };
      const hit = acceptCache ? peek(read) : undefined;
      const outcome = hit ?? misses.load(read).then((promise) => promise);
      seen.set(name, outcome);
      return outcome;
    },
  };
}

interface Read {
  readonly key: LinkIndexKey;
  readonly acceptCache: boolean;
  readonly span: Span | undefined;
}

/** Neither the KOL nor its industry: who sees traces need not see whom clients look at. */
function endStep(span: Span, { source, attempts, isForced, wouldBuy }: ReadNote, outcome: LinkIndexOutcome): void {
  span.set({ source, attempts, forced: isForced || undefined, would_buy: wouldBuy || undefined });
  if (outcome.kind === 'failure' && !wouldBuy) span.fail(outcome.error.code);
  span.end();
}

/** @param isLed whether a call was led or joined; undefined when none answered */
function sourceOf(outcome: LinkIndexOutcome, isLed: boolean | undefined): ReadSource {
  const isFailure = outcome.kind === 'failure';
  if (isLed === undefined) {
    if (isFailure) return isRefused(outcome.error.code) ? 'failed' : 'negative';
    return outcome.kind === 'no-data' ? 'negative' : ifFresh(outcome, 'store');
  }
  if (isFailure) return 'failed';
  return outcome.kind === 'answer' ? ifFresh(outcome, isLed ? 'bought' : 'coalesced') : isLed ? 'bought' : 'coalesced';
}

/** Neither an answer nor the memory of one: the wait was over, or nothing might be bought. */
function isRefused(code: string): boolean {
  return code === 'UPSTREAM_PENDING' || code === 'WOULD_BUY';
}

function ifFresh(answer: LinkIndexOutcome & { readonly kind: 'answer' }, source: ReadSource): ReadSource {
  return answer.freshness === 'FRESH' ? source : 'stale';
}
