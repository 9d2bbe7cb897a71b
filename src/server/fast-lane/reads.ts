import type { FreshEntries, FreshEntry, Rendering } from '../../cache/fresh-entries.ts';
import type { LinkIndexKey } from '../../domain/link-index.ts';
import type { LinkIndexLoader } from '../../loaders/link-index-loader.ts';
import type { FoundPlan } from './plans.ts';

/** What one request reads. */
export interface Hits {
  /** Counts ids that are named, duplicates included, each with so many industries. @returns whether so many may be */
  countKols(kols: number, industries: number): boolean;
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
export function createKolCount(maxKols: number): Hits['countKols'] {
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
    countKols: createKolCount(maxKols),
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

/** Stands for what is not read yet. */
const NOTHING = 'null';

/**
 * What a plan answers when it may read, and buy, what is not in memory.
 *
 * @returns undefined where the plan has no answer, in which case nothing was read, or where a read failed
 */
export async function textOfReads(
  { plan, variables }: FoundPlan,
  maxKols: number,
  linkIndexes: LinkIndexLoader,
): Promise<string | undefined> {
  const keys: LinkIndexKey[] = [];
  // Gone through as a whole, so that a bad id at the end of a list is found before anything is bought.
  const isGood = plan.answer(variables, {
    countKols: createKolCount(maxKols),
    textOf(kolId, industryTag) {
      keys.push({ kolId, industryTag });
      return NOTHING;
    },
  });
  if (isGood === undefined) return undefined;
  const outcomes = await Promise.all(keys.map((key) => linkIndexes.load(key, true)));
  let next = 0;
  return plan.answer(variables, {
    countKols: () => true,
    textOf(kolId, _industryTag, { render }) {
      const outcome = outcomes[next];
      next += 1;
      if (outcome?.kind === 'answer') return render(outcome, kolId);
      return outcome?.kind === 'no-data' ? render(null, kolId) : undefined;
    },
  });
}
