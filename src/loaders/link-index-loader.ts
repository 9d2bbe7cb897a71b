import DataLoader from 'dataloader';
import type { LinkIndexCache } from '../cache/cache.ts';
import type { LinkIndexKey, LinkIndexOutcome } from '../domain/link-index.ts';
import { WOULD_BUY } from '../domain/verdicts.ts';
import type { Span } from '../telemetry/span.ts';
import type { ReadNote, ReadSource, RequestAccount } from './request-account.ts';

/** The reads of one request. A key that it names twice is read once. */
export interface LinkIndexLoader {
  /** A cached outcome itself, so that a hit enters no batch; otherwise a promise, which never rejects because of the upstream. */
  load(key: LinkIndexKey, acceptCache: boolean): LinkIndexOutcome | Promise<LinkIndexOutcome>;
}

export interface LinkIndexLoaderOptions {
  readonly cache: Pick<LinkIndexCache, 'peek' | 'read'>;
  readonly account: RequestAccount;
  /** For how much longer an outcome is fresh, in milliseconds. */
  readonly freshForMs: (outcome: LinkIndexOutcome) => number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of a clock that is never set back, for durations. */
  readonly steadyMs: () => number;
  /** Called once for each key of the request. */
  readonly onRead?: ((read: ReadNote) => void) | undefined;
}

interface Read {
  readonly key: LinkIndexKey;
  readonly acceptCache: boolean;
  readonly span: Span | undefined;
}

/** One per request. */
export function createLinkIndexLoader(options: LinkIndexLoaderOptions): LinkIndexLoader {
  const { cache, account, freshForMs, clock, steadyMs, onRead } = options;
  const seen = new Map<string, LinkIndexOutcome | Promise<LinkIndexOutcome>>();

  // The batch resolves to a promise per key, so that each key settles on its own.
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
    note(
      read,
      outcome,
      isLed === undefined ? cachedSourceOf(outcome, 'store') : boughtSourceOf(outcome, isLed),
      startedMs,
    );
    return outcome;
  }

  function readHit(read: Read): LinkIndexOutcome | undefined {
    const outcome = cache.peek(read.key, account, read.span);
    if (outcome) note(read, outcome, cachedSourceOf(outcome, 'memory'), steadyMs());
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
      wouldBuy: outcome.kind === 'failure' && outcome.error.verdict === WOULD_BUY,
    };
    account.note(read);
    if (span) endSpan(span, read, outcome);
    onRead?.(read);
  }

  return {
    load(key, acceptCache) {
      const name = `${acceptCache}\n${key.kolId}\n${key.industryTag}`;
      const before = seen.get(name);
      if (before) return before;
      const read: Read = { key, acceptCache, span: account.span?.child('cache read') };
      const hit = acceptCache ? readHit(read) : undefined;
      const outcome = hit ?? misses.load(read).then((promise) => promise);
      seen.set(name, outcome);
      return outcome;
    },
  };
}

/** Contains neither the KOL nor the industry: readers of traces need not learn which KOLs clients are interested in. */
function endSpan(span: Span, { source, attempts, isForced, wouldBuy }: ReadNote, outcome: LinkIndexOutcome): void {
  span.set({ source, attempts, forced: isForced || undefined, would_buy: wouldBuy || undefined });
  if (outcome.kind === 'failure' && !wouldBuy) span.fail(outcome.error.code);
  span.end();
}

/** Of an outcome that was served without a call. A refusal is not remembered; every other failure was. */
function cachedSourceOf(outcome: LinkIndexOutcome, level: 'memory' | 'store'): ReadSource {
  switch (outcome.kind) {
    case 'answer':
      return outcome.freshness === 'FRESH' ? level : 'stale';
    case 'no-data':
      return 'negative';
    case 'failure':
      return outcome.error.verdict.wasAttempted ? 'negative' : 'failed';
  }
}

/** Of an outcome after a call. */
function boughtSourceOf(outcome: LinkIndexOutcome, isLed: boolean): ReadSource {
  if (outcome.kind === 'failure') return 'failed';
  if (outcome.kind === 'answer' && outcome.freshness !== 'FRESH') return 'stale';
  return isLed ? 'bought' : 'coalesced';
}
