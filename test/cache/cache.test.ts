import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { BUDGET_EXHAUSTED, OVERLOADED, PAUSED } from '../../src/domain/verdicts.ts';
import { createCacheLine, SECOND_WINDOW_MS, THIRD_WINDOW_MS, TOO_OLD_MS } from '../model/cache-line.ts';
import { keyOf, settled } from '../model/held-source.ts';
import { answerAt, type Reply, wordOf } from '../model/paid-outcomes.ts';

const KEY = keyOf('7');
const REFUSALS = [PAUSED, BUDGET_EXHAUSTED, OVERLOADED].map((verdict) => new UpstreamError(verdict));

describe('a fresh answer', () => {
  test('is served as it is, at once and as often as asked', async () => {
    const { buy, cache, read, source } = createCacheLine();
    await buy(KEY, SECOND_WINDOW_MS - 1);
    const hit = cache.peek(KEY);
    expect(wordOf(hit)).toBe('FRESH');
    expect((await read(KEY)).seen).toEqual(hit);
    expect(source.calls).toHaveLength(1);
  });

  test('comes from the store after a restart', async () => {
    const { buy, clock, held } = createCacheLine();
    await buy(KEY);
    const restarted = createCacheLine({ clock, held });
    expect(restarted.cache.peek(KEY)).toBeUndefined();
    expect((await restarted.read(KEY)).word()).toBe('FRESH');
    expect(wordOf(restarted.cache.peek(KEY))).toBe('FRESH');
    expect(restarted.source.calls).toHaveLength(0);
  });

  test('is bought where the store cannot tell within 50 ms', async () => {
    const { buy, clock, held } = createCacheLine();
    await buy(KEY);
    const restarted = createCacheLine({ clock, held });
    held.hold('get');
    await restarted.read(KEY);
    expect(restarted.source.calls).toHaveLength(0);
    clock.advanceMs(50);
    await settled();
    expect(restarted.source.calls).toHaveLength(1);
  });
});

describe('"no such data"', () => {
  test('is remembered for its own time, also over a restart', async () => {
    const { clock, endLast, held, read } = createCacheLine();
    await read(KEY);
    await endLast(201);
    clock.advanceMs(399_999);
    const restarted = createCacheLine({ clock, held });
    expect((await restarted.read(KEY)).word()).toBe('no-data');
    clock.advanceMs(1);
    expect((await restarted.read(KEY)).word()).toBe('nothing');
    expect(restarted.source.calls).toHaveLength(1);
  });
});

describe('the second window', () => {
  test('is served at once, and refreshed by one call whatever the number of readers', async () => {
    const { buy, cache, clock, endLast, source } = createCacheLine();
    await buy(KEY, SECOND_WINDOW_MS);
    for (let reader = 0; reader < 100; reader += 1) expect(wordOf(cache.peek(KEY))).toBe('STALE_REVALIDATING');
    await settled();
    expect(source.calls).toHaveLength(2);
    expect(source.calls[1]?.options.acceptCache).toBe(false);
    clock.advanceMs(10);
    await endLast(0);
    expect(cache.peek(KEY)).toEqual(answerAt(clock.nowMs(), 1));
    expect(source.calls).toHaveLength(2);
  });

  test('is served so from the store as well', async () => {
    const { buy, clock, held } = createCacheLine();
    await buy(KEY, THIRD_WINDOW_MS - 1);
    const restarted = createCacheLine({ clock, held });
    const readers = await Promise.all([1, 2, 3].map(() => restarted.read(KEY)));
    expect(readers.map(({ word }) => word())).toEqual(Array(3).fill('STALE_REVALIDATING'));
    expect(restarted.source.calls).toHaveLength(1);
  });

  test.each<[Reply, number | undefined, number]>([
    [301, undefined, 30_000],
    ['unreachable', 3, 30_000],
    [302, 45, 45_000],
    ['outcome-unknown', undefined, 60_000],
  ])(
    'after a refresh that failed with %s (retry after %s s) rests for %i ms',
    async (reply, retryAfterSeconds, pauseMs) => {
      const { buy, cache, clock, endLast, source } = createCacheLine();
      await buy(KEY, SECOND_WINDOW_MS);
      cache.peek(KEY);
      await settled();
      await endLast(reply, { retryAfterSeconds });
      for (let reader = 0; reader < 10; reader += 1) expect(wordOf(cache.peek(KEY))).toBe('STALE_UPSTREAM_FAILED');
      clock.advanceMs(pauseMs - 1);
      expect(wordOf(cache.peek(KEY))).toBe('STALE_UPSTREAM_FAILED');
      expect(source.calls).toHaveLength(2);
      clock.advanceMs(1);
      expect(wordOf(cache.peek(KEY))).toBe('STALE_REVALIDATING');
      await settled();
      expect(source.calls).toHaveLength(3);
    },
  );

  test.each(REFUSALS)('is not refreshed while nothing may be asked: $code', async (refusal) => {
    const { buy, cache, refuse, source } = createCacheLine();
    await buy(KEY, SECOND_WINDOW_MS);
    refuse(refusal);
    expect(wordOf(cache.peek(KEY))).toBe('STALE_UPSTREAM_FAILED');
    await settled();
    expect(source.calls).toHaveLength(1);
    refuse(undefined);
    expect(wordOf(cache.peek(KEY))).toBe('STALE_REVALIDATING');
    await settled();
    expect(source.calls).toHaveLength(2);
  });
});

describe('the third window', () => {
  test('is not served where the upstream answers in time', async () => {
    const { buy, cache, clock, endLast, read } = createCacheLine();
    await buy(KEY, THIRD_WINDOW_MS);
    expect(cache.peek(KEY)).toBeUndefined();
    const reader = await read(KEY);
    expect(reader.seen).toBeUndefined();
    await endLast(0);
    expect(reader.seen).toEqual(answerAt(clock.nowMs(), 1));
  });

  test.each<Reply>([100, 301, 302, 303, 500, 600, 'unreachable', 'outcome-unknown', 'bad-response', 'unusable-answer'])(
    'is served where the call failed: %s',
    async (reply) => {
      const { buy, endLast, read, source } = createCacheLine();
      await buy(KEY, THIRD_WINDOW_MS);
      const reader = await read(KEY);
      await endLast(reply);
      expect(reader.word()).toBe('STALE_UPSTREAM_FAILED');
      expect((await read(KEY)).word()).toBe('STALE_UPSTREAM_FAILED');
      expect(source.calls, 'no second call within the pause').toHaveLength(2);
    },
  );

  test.each(REFUSALS)('is served where nothing may be asked: $code', async (refusal) => {
    const { buy, cache, clock, held } = createCacheLine();
    await buy(KEY, THIRD_WINDOW_MS);
    expect(cache.peek(KEY)).toBeUndefined();
    const refusing = createCacheLine({ clock, held });
    refusing.source.read = async () => ({ kind: 'failure', error: refusal, failedAtMs: clock.nowMs() });
    expect((await refusing.read(KEY)).word()).toBe('STALE_UPSTREAM_FAILED');
  });

  test('is served when the wait is over, while the purchase goes on', async () => {
    const { buy, cache, endLast, read } = createCacheLine();
    await buy(KEY, THIRD_WINDOW_MS);
    const reader = await read(KEY);
    reader.leave();
    await settled();
    expect(reader.word()).toBe('STALE_REVALIDATING');
    await endLast(0);
    expect(wordOf(cache.peek(KEY))).toBe('FRESH');
  });

  test.each<[Reply, string]>([
    [400, 'BAD_USER_INPUT'],
    [201, 'no-data'],
  ])("gives way to the upstream's word on this key: %s", async (reply, word) => {
    const { buy, endLast, read } = createCacheLine();
    await buy(KEY, THIRD_WINDOW_MS);
    const reader = await read(KEY);
    await endLast(reply);
    expect(reader.word()).toBe(word);
    expect((await read(KEY)).word()).toBe(word);
  });

  test('ends: what is too old is served to nobody', async () => {
    const { buy, endLast, read } = createCacheLine();
    await buy(KEY, TOO_OLD_MS);
    const reader = await read(KEY);
    await endLast('unreachable');
    expect(reader.word()).toBe('UPSTREAM_UNREACHABLE');
  });
});

describe('what must not be lost or bought again', () => {
  test('a reader who looks into the store while a purchase fails does not buy again', async () => {
    const { buy, endLast, held, read, source } = createCacheLine();
    await buy(KEY, THIRD_WINDOW_MS);
    const first = await read(KEY);
    held.hold('get');
    const second = await read(KEY);
    await endLast('outcome-unknown');
    expect(first.word()).toBe('STALE_UPSTREAM_FAILED');
    await held.release();
    expect(second.word()).toBe('STALE_UPSTREAM_FAILED');
    expect(source.calls).toHaveLength(2);
  });
});
