import type { LinkIndexAnswer, LinkIndexKey } from '../upstream/link-index-source.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { type Entry, type Lifetimes, windowOf } from './entry.ts';

export interface FreshEntriesOptions {
  readonly memory: AnswerMemory;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly keyOf: (key: LinkIndexKey) => string;
}

/** An entry whose answer can be served as it is, with nothing to do behind it. */
export type FreshEntry = Entry & { readonly answer: NonNullable<Entry['answer']> };

/** What is in memory and fresh; undefined for everything else. */
export type FreshEntries = (key: LinkIndexKey) => FreshEntry | undefined;

export function createFreshEntries({ memory, lifetimes, clock, keyOf }: FreshEntriesOptions): FreshEntries {
  return (key) => {
    const entry = memory.get(keyOf(key));
    if (entry?.answer === undefined || windowOf(entry.answer, lifetimes, clock()) !== 'fresh') return undefined;
    return entry as FreshEntry;
  };
}

/** So many ways of asking for the same answer are remembered; the newest are. */
const MAX_RENDERED = 4;

/** The answer as `render` makes it, made once for each entry; `null` where there is no such data. */
export function renderedText(entry: FreshEntry, render: (answer: LinkIndexAnswer) => string): string {
  const { answer, rendered = [] } = entry;
  if (answer.kind === 'no-data') return 'null';
  for (const { by, text } of rendered) if (by === render) return text;
  const text = flat(render(answer));
  entry.rendered = [{ by: render, text }, ...rendered.slice(0, MAX_RENDERED - 1)];
  return text;
}

/** A text that was put together is a tree of its parts, which whoever writes it walks through anew. All of it is ASCII. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
