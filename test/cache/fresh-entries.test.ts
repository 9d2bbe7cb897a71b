import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/cache/entry.ts';
import { type CompactAnswer, compact } from '../../src/cache/entry.ts';
import {
  createRenderedTexts,
  createRendering,
  type RenderAnswer,
  type Rendering,
} from '../../src/cache/fresh-entries.ts';
import { answerAt } from '../model/paid-outcomes.ts';
import { heldBytes } from '../support/heap.ts';

const TEXT_BYTES = 1000;

/** Texts of `TEXT_BYTES` each, and how many were made. */
function setUp(maxBytes: number) {
  const texts = createRenderedTexts(maxBytes);
  const made = { count: 0 };
  const inWay = (letter: string): Rendering =>
    createRendering(() => {
      made.count += 1;
      return letter.repeat(TEXT_BYTES);
    });
  const entryOf = (): Entry => ({ answer: compact(answerAt(1)) });
  const read = (entry: Entry, rendering: Rendering) =>
    texts.textOf(entry, entry.answer as CompactAnswer, rendering, '7');
  return { made, inWay, entryOf, read };
}

describe('a rendered text', () => {
  test('is made once for each entry and each way of asking', () => {
    const { made, inWay, entryOf, read } = setUp(1e6);
    const [entry, other] = [entryOf(), entryOf()];
    const [a, b] = [inWay('a'), inWay('b')];
    for (let round = 0; round < 3; round += 1) {
      expect([read(entry, a), read(entry, b), read(other, a)].map((text) => text[0])).toEqual(['a', 'b', 'a']);
    }
    expect(made.count).toBe(3);
  });

  test('gives way to the newest four of its entry', () => {
    const { made, inWay, entryOf, read } = setUp(1e6);
    const entry = entryOf();
    const ways = [...'abcde'].map(inWay);
    for (const way of ways) read(entry, way);
    for (const way of ways.slice(1)) read(entry, way);
    expect(made.count).toBe(5);
    read(entry, ways[0] as Rendering);
    expect(made.count).toBe(6);
  });

  test('that was made first goes first when all of them are too much, and is made again', () => {
    const { made, inWay, entryOf, read } = setUp(10 * TEXT_BYTES);
    const entries = Array.from({ length: 100 }, entryOf);
    const way = inWay('a');
    for (const entry of entries) read(entry, way);
    const held = entries.flatMap(({ rendered = [] }) => rendered).reduce((bytes, { text }) => bytes + text.length, 0);
    expect(held).toBeGreaterThan(5 * TEXT_BYTES);
    expect(held).toBeLessThanOrEqual(10 * TEXT_BYTES);
    expect(entries[0]?.rendered).toBeUndefined();
    expect(entries[99]?.rendered).toHaveLength(1);
    expect(read(entries[0] as Entry, way)).toBe('a'.repeat(TEXT_BYTES));
    expect(made.count).toBe(101);
  });

  test('keeps nothing of what made it', async () => {
    const { entryOf, read } = setUp(1e6);
    const entry = entryOf();
    const madeBy = new WeakRef(() => 'text');
    read(entry, createRendering(madeBy.deref() as RenderAnswer));
    // What was just looked at through such a reference is kept until the end of the job.
    await setImmediate();
    heldBytes();
    expect([madeBy.deref(), entry.rendered]).toMatchObject([undefined, [{ text: 'text' }]]);
  });

  test('counts with the other texts of its entry', () => {
    const { inWay, entryOf, read } = setUp(6 * TEXT_BYTES);
    const [first, second] = [entryOf(), entryOf()];
    for (const way of [...'abc'].map(inWay)) read(first, way);
    for (const way of [...'abc'].map(inWay)) read(second, way);
    expect([first.rendered, second.rendered?.length]).toEqual([undefined, 3]);
  });
});
