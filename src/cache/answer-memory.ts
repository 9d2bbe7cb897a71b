import { LRUCache } from 'lru-cache';
import type { LinkIndexFailure, LinkIndexOutcome } from '../upstream/link-index-source.ts';
import { type Entry, failureLifetimeMs, type Lifetimes, refreshPauseMs, windowOf } from './entry.ts';
import { keepAnswer } from './kept-answer.ts';

export interface AnswerMemoryOptions {
  readonly maxEntries: number;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The in-process level: what is remembered of each key. */
export interface AnswerMemory {
  get(cacheKey: string): Entry | undefined;
  /** The same; asking makes it no more recent. */
  peek(cacheKey: string): Entry | undefined;
  /** How many entries have come or been replaced; one goes only where another comes. */
  changes(): number;
  /** Whether a read of what was made the most recent at this number of changes has to make it so again. */
  isPromotionDue(promotedAt: number): boolean;
  /** Keeps what a call brought. A failure removes nothing that can still be served, and shortens no pause. */
  remember(cacheKey: string, outcome: LinkIndexOutcome): void;
  /** Keeps what the store has, where it is newer than what is here. */
  recall(cacheKey: string, outcome: LinkIndexOutcome): void;
}

export function createAnswerMemory({ maxEntries, lifetimes, clock }: AnswerMemoryOptions): AnswerMemory {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  /** A tenth of all may come before an entry that is read is made the most recent again: far too few to push it out. */
  const promotedEvery = Math.floor(maxEntries / 10);
  let changes = 0;

  function set(cacheKey: string, entry: Entry): void {
    entries.set(cacheKey, entry);
    changes += 1;
  }

  function rememberFailure(cacheKey: string, outcome: LinkIndexFailure): void {
    const { answer, failure: known } = entries.get(cacheKey) ?? {};
    if (answer !== undefined && outcome.failedAtMs < answer.fetchedAtMs) return;
    const isServable = answer !== undefined && windowOf(answer, lifetimes, clock()) !== 'expired';
    const pauseMs = isServable ? refreshPauseMs(outcome, lifetimes) : failureLifetimeMs(outcome, lifetimes);
    const untilMs = outcome.failedAtMs + pauseMs;
    if (pauseMs === 0 || (known !== undefined && untilMs < known.untilMs)) return;
    const failure = { outcome, untilMs };
    set(cacheKey, isServable ? { answer, failure } : { failure });
  }

  return {
    get: (cacheKey) => entries.get(cacheKey),
    peek: (cacheKey) => entries.peek(cacheKey),
    changes: () => changes,
    isPromotionDue: (promotedAt) => changes - promotedAt >= promotedEvery,
    remember(cacheKey, outcome) {
      if (outcome.kind === 'failure') rememberFailure(cacheKey, outcome);
      else if (fetchedAtMs(entries.get(cacheKey)) <= outcome.fetchedAtMs)
        set(cacheKey, { answer: keepAnswer(outcome) });
    },
    recall(cacheKey, outcome) {
      if (outcome.kind === 'failure') rememberFailure(cacheKey, outcome);
      else if (fetchedAtMs(entries.get(cacheKey)) < outcome.fetchedAtMs) set(cacheKey, { answer: keepAnswer(outcome) });
    },
  };
}

function fetchedAtMs(entry: Entry | undefined): number {
  return entry?.answer?.fetchedAtMs ?? Number.NEGATIVE_INFINITY;
}
