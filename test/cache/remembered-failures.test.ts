import { describe, expect, test } from 'vitest';
import { createCacheLine, LIFETIMES } from '../model/cache-line.ts';
import { keyOf, settled } from '../model/held-source.ts';
import { type Reply, wordOf } from '../model/paid-outcomes.ts';

const KEY = keyOf('7');

describe('what was or may have been billed, and refused parameters', () => {
  const remembered: [Reply, string, number][] = [
    ['outcome-unknown', 'UPSTREAM_OUTCOME_UNKNOWN', 60_000],
    ['bad-response', 'UPSTREAM_BAD_RESPONSE', LIFETIMES.negativeMs],
    ['unusable-answer', 'UPSTREAM_BAD_RESPONSE', LIFETIMES.negativeMs],
    [400, 'BAD_USER_INPUT', LIFETIMES.negativeMs],
  ];

  test.each(remembered)('%s is remembered as %s for %i ms', async (reply, word, lifetimeMs) => {
    const { cache, clock, endLast, read, source } = createCacheLine();
    expect((await read(KEY)).word()).toBe('nothing');
    await endLast(reply);
    clock.advanceMs(lifetimeMs - 1);
    expect(wordOf(cache.peek(KEY))).toBe(word);
    expect((await read(KEY)).word()).toBe(word);
    expect(source.calls).toHaveLength(1);
    clock.advanceMs(1);
    await read(KEY);
    expect(source.calls).toHaveLength(2);
  });

  test.each(remembered)('%s is so over a restart', async (reply, word, lifetimeMs) => {
    const { clock, endLast, held, read } = createCacheLine();
    await read(KEY);
    await endLast(reply);
    clock.advanceMs(lifetimeMs - 1);
    const restarted = createCacheLine({ clock, held });
    expect((await restarted.read(KEY)).word()).toBe(word);
    clock.advanceMs(1);
    await restarted.read(KEY);
    expect(restarted.source.calls).toHaveLength(1);
  });
});

test.each<Reply>([100, 300, 301, 302, 303, 500, 503, 600, 601, 602, 'unreachable'])(
  'the unbilled %s is not',
  async (reply) => {
    const { endLast, read, source } = createCacheLine();
    await read(KEY);
    await endLast(reply);
    await read(KEY);
    expect(source.calls).toHaveLength(2);
  },
);

describe('when the wait is over', () => {
  test('the answer is pending; the purchase goes on, is stored, and is free a moment later', async () => {
    const { cache, endLast, held, read, source } = createCacheLine();
    const reader = await read(KEY);
    reader.leave();
    await settled();
    expect(reader.seen).toMatchObject({
      error: { code: 'UPSTREAM_PENDING', retryAfterSeconds: 1, verdict: { billed: 'no' } },
    });
    expect(cache.inFlight).toBe(1);
    await endLast(0);
    expect(held.rows.has('7 answer')).toBe(true);
    expect((await read(KEY)).word()).toBe('FRESH');
    expect(source.calls).toHaveLength(1);
  });

  test('a read that joins the purchase meanwhile gets what it brings', async () => {
    const { endLast, read, source } = createCacheLine();
    const impatient = await read(KEY);
    impatient.leave();
    const patient = await read(KEY);
    await endLast(201);
    expect([impatient.word(), patient.word()]).toEqual(['UPSTREAM_PENDING', 'no-data']);
    expect(source.calls).toHaveLength(1);
  });

  test('pending is not remembered as a failure', async () => {
    const { cache, read } = createCacheLine();
    const reader = await read(KEY);
    reader.leave();
    await settled();
    expect(cache.peek(KEY)).toBeUndefined();
  });
});
