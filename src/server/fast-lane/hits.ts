import type { FreshEntries, FreshEntry, Rendering } from '../../cache/fresh-entries.ts';
import type { LinkIndexKey } from '../../domain/link-index.ts';

/** What one request reads. */
export interface Hits {
  /** Counts ids that are named, duplicates included, each with so many industries. @returns whether so many may be */
  name(kols: number, industries: number): boolean;
  /** An answer as it is rendered, `null` where there is no such data; undefined where it is not there. */
  textOf(kolId: string, industryTag: string, rendering: Rendering): string | undefined;
}

export interface HitsOptions {
  readonly fresh: FreshEntries;
  readonly maxKols: number;
  /** Milliseconds since the epoch, for the whole request. */
  readonly nowMs: number;
}

/** What one request reads of the memory, counted as every other read: each key once. */
export interface CountedHits extends Hits {
  readonly answers: number;
  readonly negatives: number;
  /** The least, in milliseconds; infinite where nothing was read. */
  readonly freshForMs: number;
}

/** Counts what a request names. @returns whether it may name so many */
export function countNamed(maxKols: number): Hits['name'] {
  let named = 0;
  return (kols, industries) => {
    named += kols * Math.max(1, industries);
    return named <= maxKols;
  };
}

let lastRequest = 0;

export function createHits({ fresh, maxKols, nowMs }: HitsOptions): CountedHits {
  lastRequest += 1;
  const request = lastRequest;
  const hits = {
    answers: 0,
    negatives: 0,
    freshForMs: Number.POSITIVE_INFINITY,
    name: countNamed(maxKols),
    textOf(kolId: string, industryTag: string, rendering: Rendering) {
      const key = { kolId, industryTag };
      const entry = fresh.find(key, nowMs);
      if (entry === undefined) return undefined;
      if (entry.lastRequest !== request) count(key, entry);
      return fresh.textOf(entry, rendering, kolId);
    },
  };

  function count(key: LinkIndexKey, entry: FreshEntry): void {
    fresh.keep(key, entry);
    entry.lastRequest = request;
    if (entry.answer.kind === 'answer') hits.answers += 1;
    else hits.negatives += 1;
    hits.freshForMs = Math.min(hits.freshForMs, fresh.freshForMs(entry, nowMs));
  }

  return hits;
}
