import { LRUCache } from 'lru-cache';
import type { LinkIndexAnswer } from '../domain/link-index.ts';
import type { Entry } from './entry.ts';
import { answerOf, type KeptAnswer } from './kept-answer.ts';

/** How an answer, or `null` where there is no such data, is put into a text. */
export type RenderAnswer = (answer: LinkIndexAnswer | null, kolId: string) => string;

/** One for each way of asking. */
export interface Rendering {
  /** What its texts are found by: a text that held the function would keep a plan in memory that was long since evicted. */
  readonly id: number;
  readonly render: RenderAnswer;
}

let renderings = 0;

export function createRendering(render: RenderAnswer): Rendering {
  renderings += 1;
  return { id: renderings, render };
}

/** What some entries' answers look like to those who ask for them. */
export interface RenderedTexts {
  /** The answer of this entry as it is rendered; made once, as long as it is kept. */
  textOf(entry: Entry, answer: KeptAnswer, rendering: Rendering, kolId: string): string;
}

/** So many ways of asking for the same answer are remembered; the newest are. */
const MAX_WAYS = 4;
/** What an entry and the list of its texts take besides them: a text may be all that still holds a replaced entry. */
const BESIDES_BYTES = 400;

/**
 * A text is several times as long as the answer that it is made of, and is made again in microseconds: so all texts together
 * are bounded, and those that were made first go first. They lie on their entries, where a read finds them without a search.
 */
export function createRenderedTexts(maxBytes: number): RenderedTexts {
  const inOrder = new LRUCache<Entry, NonNullable<Entry['rendered']>>({
    maxSize: maxBytes,
    sizeCalculation: (rendered) => rendered.reduce((bytes, { text }) => bytes + text.length, BESIDES_BYTES),
    dispose(_rendered, entry, reason) {
      if (reason === 'evict') entry.rendered = undefined;
    },
  });

  return {
    textOf(entry, answer, { id, render }, kolId) {
      const { rendered = [] } = entry;
      for (const { by, text } of rendered) if (by === id) return text;
      const text = flat(render(answerOf(answer), kolId));
      entry.rendered = [{ by: id, text }, ...rendered.slice(0, MAX_WAYS - 1)];
      inOrder.set(entry, entry.rendered);
      return text;
    },
  };
}

/** A text that was put together is a tree of its parts, which whoever writes it walks through anew. All of it is ASCII. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
