import type { LinkIndexKey } from '../domain/link-index.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { type Entry, type Lifetimes, remainingFreshMs, windowOf } from './entry.ts';
import { createRenderedTexts, type Rendering } from './rendered-texts.ts';

export interface FreshEntriesOptions {
  readonly memory: AnswerMemory;
  readonly lifetimes: Lifetimes;
  readonly keyOf: (key: LinkIndexKey) => string;
}

/** An entry whose answer can be served as it is, with nothing to do behind it. */
export type FreshEntry = Entry & { readonly answer: NonNullable<Entry['answer']> };

/** What is in memory and fresh. */
export interface FreshEntries {
  /** Undefined for everything else. Asking makes it no more recent, for that takes as long as the finding; see `keep`. */
  find(key: LinkIndexKey, nowMs: number): FreshEntry | undefined;
  /** What is read is kept: it becomes the last that is forgotten, if that was long ago. */
  keep(key: LinkIndexKey, entry: FreshEntry): void;
  /** Whether what was read at this number of changes has to be read again to be kept. */
  isPromotionDue(promotedAt: number): boolean;
  /** For how much longer it is fresh, in milliseconds. */
  freshForMs(entry: FreshEntry, nowMs: number): number;
  /** How many entries have come or been replaced: the same number means the same entries. */
  changes(): number;
  /** The answer as it is rendered, which is remembered. */
  textOf(entry: FreshEntry, rendering: Rendering, kolId: string): string;
}

/** For all entries together. */
const MAX_RENDERED_BYTES = 100_000_000;

export function createFreshEntries({ memory, lifetimes, keyOf }: FreshEntriesOptions): FreshEntries {
  const texts = createRenderedTexts(MAX_RENDERED_BYTES);

  return {
    find(key, nowMs) {
      const entry = memory.peek(keyOf(key));
      if (entry?.answer === undefined || windowOf(entry.answer, lifetimes, nowMs) !== 'fresh') return undefined;
      return entry as FreshEntry;
    },
    keep(key, entry) {
      if (!memory.isPromotionDue(entry.promotedAt ?? Number.NEGATIVE_INFINITY)) return;
      memory.get(keyOf(key));
      entry.promotedAt = memory.changes();
    },
    isPromotionDue: memory.isPromotionDue,
    freshForMs: ({ answer }, nowMs) => remainingFreshMs(answer, lifetimes, nowMs),
    changes: memory.changes,
    textOf(entry, rendering, kolId) {
      const { answer } = entry;
      return answer.kind === 'no-data' ? rendering.render(null, kolId) : texts.textOf(entry, answer, rendering, kolId);
    },
  };
}
