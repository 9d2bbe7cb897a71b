import { LRUCache } from 'lru-cache';
import type { LinkIndexFailure, LinkIndexOutcome } from '../domain/link-index.ts';
import {
  type Entry,
  failureLifetimeMs,
  isFromFuture,
  isPausing,
  type Lifetimes,
  refreshPauseMs,
  windowOf,
} from './entry.ts';
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
  /**
   * Keeps what a call of this process brought just now, in place of what is known, whatever their times say: a clock may
   * have been set back. A failure removes nothing that can still be served, and shortens no pause.
   */
  remember(cacheKey: string, outcome: LinkIndexOutcome): void;
  /** Keeps what the store has, or another replica told, where it is newer than what is here. */
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

  /** A time that cannot be is older than any other. */
  const ageOrder = (atMs: number) => (isFromFuture(atMs, clock()) ? Number.NEGATIVE_INFINITY : atMs);

  function setFailure(cacheKey: string, outcome: LinkIndexFailure): void {
    const { answer, failure: known } = entries.get(cacheKey) ?? {};
    if (answer !== undefined && ageOrder(outcome.failedAtMs) < ageOrder(answer.fetchedAtMs)) return;
    const isServable = answer !== undefined && windowOf(answer, lifetimes, clock()) !== 'expired';
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
      else set(cacheKey, { answer: keepAnswer(outcome) });
    },
    recall(cacheKey, outcome) {
      if (outcome.kind === 'failure') return setFailure(cacheKey, outcome);
      const { answer } = entries.get(cacheKey) ?? {};
      if (answer === undefined || ageOrder(answer.fetchedAtMs) < ageOrder(outcome.fetchedAtMs))
        set(cacheKey, { answer: keepAnswer(outcome) });
    },
  };
}
