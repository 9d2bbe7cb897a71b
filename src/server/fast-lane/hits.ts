import type { FreshEntries, FreshEntry } from '../../cache/fresh-entries.ts';
import type { Hits } from './plan.ts';

export interface HitsOptions {
  readonly fresh: FreshEntries;
  readonly maxKols: number;
  /** For how much longer an entry is fresh, in milliseconds. */
  readonly freshForMs: (entry: FreshEntry) => number;
}

/** What one request reads of the memory, counted as every other read: each key once. */
export interface CountedHits extends Hits {
  readonly answers: number;
  readonly negatives: number;
  /** The least, in milliseconds; infinite where nothing was read. */
  readonly freshForMs: number;
}

let lastRequest = 0;

export function createHits({ fresh, maxKols, freshForMs }: HitsOptions): CountedHits {
  lastRequest += 1;
  const request = lastRequest;
  let named = 0;
  const hits = {
    answers: 0,
    negatives: 0,
    freshForMs: Number.POSITIVE_INFINITY,
    name(kols: number, industries: number) {
      named += kols * Math.max(1, industries);
      return named <= maxKols;
    },
    take(kolId: string, industryTag: string) {
      const entry = fresh({ kolId, industryTag });
      if (entry === undefined || entry.lastRequest === request) return entry;
      entry.lastRequest = request;
      if (entry.answer.kind === 'answer') hits.answers += 1;
      else hits.negatives += 1;
      hits.freshForMs = Math.min(hits.freshForMs, freshForMs(entry));
      return entry;
    },
  };
  return hits;
}
