import { LRUCache } from 'lru-cache';
import type { LinkIndexFailure, LinkIndexOutcome } from '../upstream/link-index-source.ts';
import { type Entry, failureLifetimeMs, type Lifetimes, refreshPauseMs, windowOf } from './entry.ts';

export interface AnswerMemoryOptions {
  readonly maxEntries: number;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The in-process level: what is remembered of each key. */
export interface AnswerMemory {
  get(cacheKey: string): Entry | undefined;
  /** Whether there is something; asking makes it no more recent. */
  has(cacheKey: string): boolean;
  /** Keeps what a call brought. A failure removes nothing that can still be served, and shortens no pause. */
  remember(cacheKey: string, outcome: LinkIndexOutcome): void;
  /** Keeps what the store has, where it is newer than what is here. */
  recall(cacheKey: string, outcome: LinkIndexOutcome): void;
}

export function createAnswerMemory({ maxEntries, lifetimes, clock }: AnswerMemoryOptions): AnswerMemory {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });

  function rememberFailure(cacheKey: string, outcome: LinkIndexFailure): void {
    const { answer, failure: known } = entries.get(cacheKey) ?? {};
    if (answer !== undefined && outcome.failedAtMs < answer.fetchedAtMs) return;
    const isServable = answer !== undefined && windowOf(answer, lifetimes, clock()) !== 'expired';
    const pauseMs = isServable ? refreshPauseMs(outcome, lifetimes) : failureLifetimeMs(outcome, lifetimes);
    const untilMs = outcome.failedAtMs + pauseMs;
    if (pauseMs === 0 || (known !== undefined && untilMs < known.untilMs)) return;
    const failure = { outcome, untilMs };
    entries.set(cacheKey, isServable ? { answer, failure } : { failure });
  }

  return {
    get: (cacheKey) => entries.get(cacheKey),
    has: (cacheKey) => entries.has(cacheKey),
    remember(cacheKey, outcome) {
      if (outcome.kind === 'failure') rememberFailure(cacheKey, outcome);
      else if (fetchedAtMs(entries.get(cacheKey)) <= outcome.fetchedAtMs) entries.set(cacheKey, { answer: outcome });
    },
    recall(cacheKey, outcome) {
      if (outcome.kind === 'failure') rememberFailure(cacheKey, outcome);
      else if (fetchedAtMs(entries.get(cacheKey)) < outcome.fetchedAtMs) entries.set(cacheKey, { answer: outcome });
    },
  };
}

function fetchedAtMs(entry: Entry | undefined): number {
  return entry?.answer?.fetchedAtMs ?? Number.NEGATIVE_INFINITY;
}
