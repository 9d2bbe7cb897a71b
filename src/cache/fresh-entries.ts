import { LRUCache } from 'lru-cache';
import type { LinkIndexAnswer, LinkIndexKey } from '../domain/link-index.ts';
import { type CompactAnswer, type Entry, expand, freshnessOf, type Lifetimes, remainingFreshMs } from './entry.ts';
import type { AnswerMemory } from './memory.ts';

/** What the fast lane reads: entries in memory that can be served as they are, and their rendered texts. */
export interface FreshEntries {
  /** Undefined for every other key. Does not make the entry the most recently used one, which takes as long again; see `keep`. */
  find(key: LinkIndexKey, nowMs: number): FreshEntry | undefined;
  /** Makes the entry the most recently used one, where that was long ago. */
  keep(key: LinkIndexKey, entry: FreshEntry): void;
  /** Whether an entry that was read at this number of changes must be read again to stay in memory. */
  isPromotionDue(promotedAt: number): boolean;
  /** For how much longer it is fresh, in milliseconds. */
  freshForMs(entry: FreshEntry, nowMs: number): number;
  /** How many entries were added or replaced so far: the same number means the same entries. */
  changes(): number;
  /** The rendered answer, which is remembered. */
  textOf(entry: FreshEntry, rendering: Rendering, kolId: string): string;
}

export type FreshEntry = Entry & { readonly answer: NonNullable<Entry['answer']> };

export interface FreshEntriesOptions {
  readonly memory: AnswerMemory;
  readonly lifetimes: Lifetimes;
  readonly keyOf: (key: LinkIndexKey) => string;
}

/** For all entries together. */
const MAX_RENDERED_BYTES = 100_000_000;

export function createFreshEntries({ memory, lifetimes, keyOf }: FreshEntriesOptions): FreshEntries {
  const texts = createRenderedTexts(MAX_RENDERED_BYTES);

  return {
    find(key, nowMs) {
      const entry = memory.peek(keyOf(key));
      if (entry?.answer === undefined || freshnessOf(entry.answer, lifetimes, nowMs) !== 'fresh') return undefined;
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

/** Makes a text of an answer, or of `null` where there is no such data. */
export type RenderAnswer = (answer: LinkIndexAnswer | null, kolId: string) => string;

/** One for each selection of fields. */
export interface Rendering {
  /** By which its texts are found: a text that referred to the function would keep an evicted plan in memory. */
  readonly id: number;
  readonly render: RenderAnswer;
}

let renderings = 0;

export function createRendering(render: RenderAnswer): Rendering {
  renderings += 1;
  return { id: renderings, render };
}

export interface RenderedTexts {
  /** The rendered answer of this entry; rendered once, as long as the text is kept. */
  textOf(entry: Entry, answer: CompactAnswer, rendering: Rendering, kolId: string): string;
}

/** How many texts of one entry are kept; the newest are. */
const MAX_TEXTS = 4;
/** The size of an entry and of its list of texts: a text may be the only reference to an entry that was replaced. */
const ENTRY_BYTES = 400;

/**
 * A text is several times as long as its answer, and is rendered again in microseconds: so all texts together are
 * bounded, and the oldest are dropped first. They are kept on their entries, where a read finds them without a lookup.
 */
export function createRenderedTexts(maxBytes: number): RenderedTexts {
  const inOrder = new LRUCache<Entry, NonNullable<Entry['rendered']>>({
    maxSize: maxBytes,
    sizeCalculation: (rendered) => rendered.reduce((bytes, { text }) => bytes + text.length, ENTRY_BYTES),
    dispose(_rendered, entry, reason) {
      if (reason === 'evict') entry.rendered = undefined;
    },
  });

  return {
    textOf(entry, answer, { id, render }, kolId) {
      const { rendered = [] } = entry;
      for (const { by, text } of rendered) if (by === id) return text;
      const text = flatten(render(expand(answer), kolId));
      entry.rendered = [{ by: id, text }, ...rendered.slice(0, MAX_TEXTS - 1)];
      inOrder.set(entry, entry.rendered);
      return text;
    },
  };
}

/** V8 keeps a concatenated text as a tree of its parts, which each write to a socket would walk through. All of it is ASCII. */
function flatten(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
