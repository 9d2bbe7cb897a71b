import { expect, test } from 'vitest';
import { createCacheLine, SECOND_WINDOW_MS, THIRD_WINDOW_MS } from '../model/cache-line.ts';
import { keyOf, settled } from '../model/held-source.ts';
import { type Reply, wordOf } from '../model/paid-outcomes.ts';

const KEY = keyOf('7');

test('a forced read passes every level by, says so upstream, and stores what comes back', async () => {
  const { buy, cache, endLast, force, held, source } = createCacheLine();
  await buy(KEY, 1);
  const reader = await force(KEY);
  expect(reader.seen).toBeUndefined();
  await endLast(0);
  expect(reader.word()).toBe('FRESH');
  expect(source.calls.map(({ options }) => options.acceptCache)).toEqual([true, false]);
  expect(cache.peek(KEY)).toEqual(reader.seen);
  expect(held.rows.get('7 answer')?.outcome).toBe(reader.seen);
});

test('concurrent forced reads of a key share one call', async () => {
  const { endLast, force, source } = createCacheLine();
  const readers = await Promise.all([1, 2, 3].map(() => force(KEY)));
  expect(source.calls).toHaveLength(1);
  await endLast(0);
  expect(new Set(readers.map(({ seen }) => seen)).size).toBe(1);
  await force(KEY);
  expect(source.calls, 'a later one buys anew').toHaveLength(2);
});

test('one that meets an unforced call waits for it and then buys', async () => {
  const { clock, endLast, force, read, source } = createCacheLine();
  const unforced = await read(KEY);
  const forced = [await force(KEY), await force(KEY)];
  expect(source.calls).toHaveLength(1);
  clock.advanceMs(1);
  await endLast(0);
  expect([unforced, ...forced].map(({ word }) => word())).toEqual(['FRESH', 'nothing', 'nothing']);
  expect(source.calls).toHaveLength(2);
  await endLast(0);
  expect(forced.map(({ word }) => word())).toEqual(['FRESH', 'FRESH']);
  expect(source.calls[1]?.options.acceptCache).toBe(false);
});

test('it buys even when the unforced call failed', async () => {
  const { endLast, force, read, source } = createCacheLine();
  await read(KEY);
  const forced = await force(KEY);
  await endLast('outcome-unknown');
  expect(source.calls).toHaveLength(2);
  await endLast(0);
  expect(forced.word()).toBe('FRESH');
});

test.each([0, SECOND_WINDOW_MS, THIRD_WINDOW_MS])(
  'its failure is an error, never stale data, and removes nothing cached (of %i ms)',
  async (ageMs) => {
    const { buy, endLast, force, held, read } = createCacheLine();
    await buy(KEY, ageMs);
    const forced = await force(KEY);
    await endLast('unreachable');
    expect(forced.word()).toBe('UPSTREAM_UNREACHABLE');
    expect((await read(KEY)).word()).toBe(ageMs === 0 ? 'FRESH' : 'STALE_UPSTREAM_FAILED');
    expect(held.rows.has('7 answer')).toBe(true);
  },
);

test('an unforced reader who joined it is served stale when it fails', async () => {
  const { buy, endLast, force, read, source } = createCacheLine();
  await buy(KEY, THIRD_WINDOW_MS);
  const forced = await force(KEY);
  const unforced = await read(KEY);
  await endLast(500);
  expect([forced.word(), unforced.word()]).toEqual(['UPSTREAM_INTERNAL_ERROR', 'STALE_UPSTREAM_FAILED']);
  expect(source.calls).toHaveLength(2);
});

test('a forced read whose wait is over is pending, even where something is cached', async () => {
  const { buy, cache, clock, endLast, force } = createCacheLine();
  await buy(KEY, THIRD_WINDOW_MS);
  const forced = await force(KEY);
  forced.leave();
  await settled();
  expect(forced.seen).toMatchObject({ error: { code: 'UPSTREAM_PENDING', retryAfterSeconds: 1 } });
  await endLast(0);
  expect(cache.peek(KEY)).toMatchObject({ freshness: 'FRESH', fetchedAtMs: clock.nowMs() });
});

test('whether the same read makes sense again depends on what each reader of the one call has asked', async () => {
  const { endLast, force, read, source } = createCacheLine();
  const readers = [await force(KEY), await force(KEY), await read(KEY)];
  for (const { leave } of readers) leave();
  await settled();
  const forced = { isRetryable: false, message: expect.stringContaining('without acceptCache: false') };
  expect(readers.map(({ seen }) => seen)).toMatchObject([
    { error: { code: 'UPSTREAM_PENDING', verdict: forced } },
    { error: { code: 'UPSTREAM_PENDING', verdict: forced } },
    { error: { code: 'UPSTREAM_PENDING', verdict: { isRetryable: true } } },
  ]);
  await endLast(0);
  expect(source.calls).toHaveLength(1);
});

test('a forced read that waits for an unforced call is pending as a forced one', async () => {
  const { endLast, force, read } = createCacheLine();
  await read(KEY);
  const forced = await force(KEY);
  forced.leave();
  await settled();
  expect(forced.seen).toMatchObject({ error: { code: 'UPSTREAM_PENDING', verdict: { isRetryable: false } } });
  await endLast(0);
  await endLast(0);
});

test.each<Reply>(['outcome-unknown', 'bad-response', 400])('it overrides the remembered failure %s', async (reply) => {
  const { cache, endLast, force, read, source } = createCacheLine();
  await read(KEY);
  await endLast(reply);
  await read(KEY);
  expect(source.calls).toHaveLength(1);
  const forced = await force(KEY);
  await endLast(0);
  expect([forced.word(), wordOf(cache.peek(KEY))]).toEqual(['FRESH', 'FRESH']);
});
