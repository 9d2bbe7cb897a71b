import { LRUCache } from 'lru-cache';
import type { LinkIndexFailure, LinkIndexOutcome } from '../domain/link-index.ts';
import {
  compact,
  type Entry,
  failureLifetimeMs,
  freshnessOf,
  isFromFuture,
  isPausing,
  type Lifetimes,
  refreshPauseMs,
} from './entry.ts';

export interface AnswerMemoryOptions {
  readonly maxEntries: number;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The level in this process: the most recently used entries. */
export interface AnswerMemory {
  get(cacheKey: string): Entry | undefined;
  /** Like `get`, but does not make the entry the most recently used one. */
  peek(cacheKey: string): Entry | undefined;
  /** How many entries were added or replaced so far. No entry is evicted without such a change. */
  changes(): number;
  /** Whether an entry that became the most recently used one at this number of changes must become it again. */
  isPromotionDue(promotedAt: number): boolean;
  /**
   * Keeps the outcome of a call of this process, whatever the times say: the clock may have been set back.
   * A failure removes no answer that can still be served, and shortens no pause.
   */
  remember(cacheKey: string, outcome: LinkIndexOutcome): void;
  /** Keeps an outcome of the store or of another replica where it is newer than the entry. */
  merge(cacheKey: string, outcome: LinkIndexOutcome): void;
}

export function createAnswerMemory({ maxEntries, lifetimes, clock }: AnswerMemoryOptions): AnswerMemory {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  /** After a tenth of all entries have changed, an entry that is read is promoted again, long before it would be evicted. */
  const promotedEvery = Math.floor(maxEntries / 10);
  let changes = 0;

  function set(cacheKey: string, entry: Entry): void {
    entries.set(cacheKey, entry);
    changes += 1;
  }

  /** An impossible time counts as older than every other. */
  const orderOf = (atMs: number) => (isFromFuture(atMs, clock()) ? Number.NEGATIVE_INFINITY : atMs);

  function setFailure(cacheKey: string, outcome: LinkIndexFailure): void {
    const { answer, failure: known } = entries.get(cacheKey) ?? {};
    if (answer !== undefined && orderOf(outcome.failedAtMs) < orderOf(answer.fetchedAtMs)) return;
    const isServable = answer !== undefined && freshnessOf(answer, lifetimes, clock()) !== 'expired';
    const pauseMs = isServable ? refreshPauseMs(outcome, lifetimes) : failureLifetimeMs(outcome, lifetimes);
    const untilMs = outcome.failedAtMs + pauseMs;
    if (pauseMs === 0 || (known && isPausing(known, clock()) && untilMs < known.untilMs)) return;
    const failure = { outcome, untilMs };
    set(cacheKey, isServable ? { answer, failure } : { failure });
  }

  return {
    get: (cacheKey) => entries.get(cacheKey),
    peek: (cacheKey) => entries.peek(cacheKey),
    changes: () => changes,
    isPromotionDue: (promotedAt) => changes - promotedAt >= promotedEvery,
    remember(cacheKey, outcome) {
      if (outcome.kind === 'failure') setFailure(cacheKey, outcome);
      else set(cacheKey, { answer: compact(outcome) });
    },
    merge(cacheKey, outcome) {
      if (outcome.kind === 'failure') return setFailure(cacheKey, outcome);
      const { answer } = entries.get(cacheKey) ?? {};
      if (answer === undefined || orderOf(answer.fetchedAtMs) < orderOf(outcome.fetchedAtMs))
        set(cacheKey, { answer: compact(outcome) });
    },
  };
}
