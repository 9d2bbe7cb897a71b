import { describe, expect, test } from 'vitest';
import { createLinkIndexCache } from '../../src/cache/link-index-cache.ts';
import {
  BAD_RESPONSE,
  BUSINESS_CODES,
  OUTCOME_UNKNOWN,
  UNREACHABLE,
  type Verdict,
} from '../../src/upstream/business-codes.ts';
import type { LinkIndexKey, LinkIndexOutcome, LinkIndexSource } from '../../src/upstream/link-index-source.ts';
import { UpstreamError } from '../../src/upstream/upstream-error.ts';
import { createTestClock } from '../support/test-gateway.ts';

const KEY: LinkIndexKey = { kolId: '7', industryTag: '' };
const FRESH_MS = 1000;
const NEGATIVE_MS = 100;
const CACHED = { acceptCache: true };
const FORCED = { acceptCache: false };
const NO_SCORES = { cooperate: null, cp: null, convert: null, shopping: null, spread: null, star: null };

type Reply = 'answer' | 'no-data' | Verdict;

/** A cache over a source that gives these replies in turn, the last one for ever. */
function setUp(replies: [Reply, ...Reply[]], maxEntries = 10) {
  const clock = createTestClock();
  const reads: (LinkIndexKey & { acceptCache: boolean })[] = [];
  const source: LinkIndexSource = {
    async read(key, options) {
      const reply = replies[Math.min(reads.length, replies.length - 1)] as Reply;
      reads.push({ ...key, ...options });
      return outcomeOf(reply, clock.nowMs());
    },
  };
  const lifetimes = { freshMs: FRESH_MS, negativeMs: NEGATIVE_MS };
  return { clock, reads, cache: createLinkIndexCache({ source, lifetimes, maxEntries, clock: clock.nowMs }) };
}

function outcomeOf(reply: Reply, nowMs: number): LinkIndexOutcome {
  if (reply === 'answer') return { kind: 'answer', scores: NO_SCORES, fetchedAtMs: nowMs };
  if (reply === 'no-data') return { kind: 'no-data', fetchedAtMs: nowMs };
  return { kind: 'failure', error: new UpstreamError(reply), failedAtMs: nowMs };
}

function verdictOf(code: number): Verdict {
  return BUSINESS_CODES.get(code) as Verdict;
}

describe('what is remembered, and for how long', () => {
  test.each<[string, Reply, number]>([
    ['an answer', 'answer', FRESH_MS],
    ['"no such data"', 'no-data', NEGATIVE_MS],
    ['refused parameters', verdictOf(400), NEGATIVE_MS],
    ['a paid answer that cannot be used', BAD_RESPONSE, NEGATIVE_MS],
    ['an unknown outcome', OUTCOME_UNKNOWN, 60_000],
  ])('%s', async (_what, reply, lifetimeMs) => {
    const { cache, clock, reads } = setUp([reply]);
    await cache.read(KEY, CACHED);
    clock.advanceMs(lifetimeMs - 1);
    const remembered = cache.peek(KEY);
    expect(remembered?.kind).toBe(outcomeOf(reply, 0).kind);
    expect(await cache.read(KEY, CACHED)).toBe(remembered);
    expect(reads).toHaveLength(1);
    clock.advanceMs(1);
    expect(cache.peek(KEY)).toBeUndefined();
    await cache.read(KEY, CACHED);
    expect(reads).toHaveLength(2);
  });

  test.each([100, 300, 301, 302, 303, 500, 600, 601])('the unbilled failure %i is not remembered', async (code) => {
    const { cache } = setUp([verdictOf(code)]);
    await cache.read(KEY, CACHED);
    expect(cache.peek(KEY)).toBeUndefined();
  });

  test('an unreachable upstream is not remembered', async () => {
    const { cache } = setUp([UNREACHABLE]);
    await cache.read(KEY, CACHED);
    expect(cache.peek(KEY)).toBeUndefined();
  });

  test('the least recently used entry makes room', async () => {
    const { cache } = setUp(['answer'], 2);
    for (const kolId of ['1', '2', '1', '3']) await cache.read({ kolId, industryTag: '' }, CACHED);
    const isHere = (kolId: string) => cache.peek({ kolId, industryTag: '' }) !== undefined;
    expect(['1', '2', '3'].map(isHere)).toEqual([true, false, true]);
  });

  test('an industry is another answer', async () => {
    const { cache } = setUp(['answer']);
    await cache.read(KEY, CACHED);
    expect(cache.peek({ ...KEY, industryTag: 'GAMES' })).toBeUndefined();
  });
});

describe('a forced read', () => {
  test('passes the cache by, says so upstream, and stores what comes back', async () => {
    const { cache, clock, reads } = setUp(['answer']);
    const old = await cache.read(KEY, CACHED);
    clock.advanceMs(1);
    const fresh = await cache.read(KEY, FORCED);
    expect(fresh).not.toBe(old);
    expect(cache.peek(KEY)).toBe(fresh);
    expect(reads.map(({ acceptCache }) => acceptCache)).toEqual([true, false]);
  });

  test('that fails is an error, and removes nothing cached', async () => {
    const { cache } = setUp(['answer', BAD_RESPONSE]);
    const old = await cache.read(KEY, CACHED);
    expect((await cache.read(KEY, FORCED)).kind).toBe('failure');
    expect(cache.peek(KEY)).toBe(old);
  });

  test('overrides a remembered failure', async () => {
    const { cache } = setUp([OUTCOME_UNKNOWN, 'answer']);
    await cache.read(KEY, CACHED);
    expect((await cache.read(KEY, FORCED)).kind).toBe('answer');
    expect(cache.peek(KEY)?.kind).toBe('answer');
  });

  test('shares its call with other forced reads', async () => {
    const { cache, reads } = setUp(['answer']);
    await Promise.all([cache.read(KEY, FORCED), cache.read(KEY, FORCED), cache.read(KEY, FORCED)]);
    expect(reads).toHaveLength(1);
  });
});

test('a hundred readers share one purchase', async () => {
  const { cache, reads } = setUp(['answer']);
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => cache.read(KEY, CACHED)));
  expect(new Set(outcomes).size).toBe(1);
  expect(reads).toHaveLength(1);
});
