import { describe, expect, test } from 'vitest';
import type { HeldLease, LeaseOfAnother, Leases } from '../../src/cache/flights.ts';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { CLIENT_BUDGET_EXHAUSTED } from '../../src/domain/verdicts.ts';
import { createCacheLine, LIFETIMES, SECOND_WINDOW_MS } from '../model/cache-line.ts';
import { keyOf, settled } from '../model/held-source.ts';
import { answerAt, type Reply, wordOf } from '../model/paid-outcomes.ts';
import { createRequester } from '../support/requester.ts';
import { createTestClock } from '../support/test-clock.ts';

const KEY = keyOf('7');

describe('one purchase at a time per key', () => {
  test('a hundred readers share one call and one answer', async () => {
    const { endLast, read, source } = createCacheLine();
    const readers = await Promise.all(Array.from({ length: 100 }, () => read(KEY)));
    expect(source.calls).toHaveLength(1);
    await endLast(0);
    expect(new Set(readers.map(({ seen }) => seen)).size).toBe(1);
    expect(readers[0]?.word()).toBe('FRESH');
  });

  test('and one failure', async () => {
    const { endLast, read, source } = createCacheLine();
    const readers = await Promise.all(Array.from({ length: 3 }, () => read(KEY)));
    await endLast(301);
    expect(readers.map(({ word }) => word())).toEqual(Array(3).fill('UPSTREAM_COLLECTION_FAILED'));
    expect(source.calls).toHaveLength(1);
  });

  test('another id or industry is another purchase', async () => {
    const { cache, read } = createCacheLine();
    for (const key of [KEY, keyOf('8'), keyOf('7', 'GAMES')]) await read(key);
    expect(cache.inFlight).toBe(3);
  });

  test('the one who leads is named upstream, with what it accepts', async () => {
    const { cache, source } = createCacheLine();
    const [leader, follower] = [createRequester(), createRequester()];
    void cache.read(KEY, { acceptCache: true, requester: leader });
    void cache.read(KEY, { acceptCache: true, requester: follower });
    await settled();
    expect(source.calls.map(({ options }) => options)).toEqual([{ acceptCache: true, requester: leader }]);
    expect(source.calls[0]?.options.requester).toBe(leader);
  });

  test('a refresh is for the payer of the read that met the stale answer, and accepts no cache', async () => {
    const { buy, cache, source } = createCacheLine();
    await buy(KEY, SECOND_WINDOW_MS);
    const payer = { name: 'reader', billedPerDay: undefined };
    cache.peek(KEY, { payer });
    await settled();
    expect(source.calls[1]?.options).toMatchObject({ acceptCache: false, requester: { payer, billedCalls: 0 } });
  });

  test('a refresh joins the purchase under way', async () => {
    const { buy, cache, force, source } = createCacheLine();
    await buy(KEY, SECOND_WINDOW_MS);
    await force(KEY);
    cache.peek(KEY);
    await settled();
    expect(source.calls).toHaveLength(2);
  });

  test('a purchase goes on when its leader has left, and those who joined get it', async () => {
    const { endLast, read, source } = createCacheLine();
    const leader = await read(KEY);
    const follower = await read(KEY);
    leader.leave();
    await settled();
    expect(leader.word()).toBe('UPSTREAM_PENDING');
    await endLast(0);
    expect(follower.word()).toBe('FRESH');
    expect(source.calls).toHaveLength(1);
  });
});

describe('what is stored', () => {
  test.each<[Reply, 'answer' | 'failure', number]>([
    [0, 'answer', LIFETIMES.freshMs + LIFETIMES.staleWhileRevalidateMs + LIFETIMES.staleIfErrorMs],
    [201, 'answer', LIFETIMES.negativeMs],
    [400, 'failure', LIFETIMES.negativeMs],
    ['bad-response', 'failure', LIFETIMES.negativeMs],
    ['unusable-answer', 'failure', LIFETIMES.negativeMs],
    ['outcome-unknown', 'failure', 60_000],
  ])('%s, until nobody can use it', async (reply, slot, lifetimeMs) => {
    const { clock, endLast, held, read } = createCacheLine();
    const reader = await read(KEY);
    clock.advanceMs(5000);
    await endLast(reply);
    const expiresAtMs = clock.nowMs() + lifetimeMs;
    expect([...held.rows]).toEqual([[`7 ${slot}`, { cacheKey: '7', outcome: reader.seen, expiresAtMs }]]);
  });

  test.each<Reply>([100, 301, 302, 303, 500, 600, 601, 602, 'unreachable'])('%s is not', async (reply) => {
    const { endLast, held, read } = createCacheLine();
    await read(KEY);
    await endLast(reply);
    expect(held.rows.size).toBe(0);
  });

  test('before anyone is answered, and before another reader sees it', async () => {
    const { cache, endLast, held, read } = createCacheLine();
    const readers = [await read(KEY), await read(KEY)];
    held.hold('put');
    await endLast(0);
    expect(readers.map(({ seen }) => seen)).toEqual([undefined, undefined]);
    expect(cache.peek(KEY)).toBeUndefined();
    expect(cache.inFlight).toBe(1);
    const late = await read(KEY);
    await held.release();
    expect([...readers, late].map(({ word }) => word())).toEqual(['FRESH', 'FRESH', 'FRESH']);
    expect(held.rows.size).toBe(1);
  });

  test('or after 50 ms the answer is given anyway, and stored when the store is back', async () => {
    const { cache, clock, endLast, held, read } = createCacheLine();
    const reader = await read(KEY);
    held.hold('put');
    await endLast(0);
    clock.advanceMs(50);
    await settled();
    expect(reader.word()).toBe('FRESH');
    expect(wordOf(cache.peek(KEY))).toBe('FRESH');
    expect(held.rows.size).toBe(0);
    await held.release();
    expect(held.rows.size).toBe(1);
  });
});

describe('idle', () => {
  test('settles when the last purchase is stored', async () => {
    const { cache, endLast, held, read } = createCacheLine();
    await read(KEY);
    let isIdle = false;
    cache.idle().then(() => {
      isIdle = true;
    });
    held.hold('put');
    await endLast(0);
    expect(isIdle).toBe(false);
    await held.release();
    expect([isIdle, cache.inFlight]).toEqual([true, 0]);
  });
});

describe('what must not be lost or bought again', () => {
  test.each(['kol-link-info', 'author-link-info'] as const)(
    'an answer in flight during the move is kept under the key of the endpoint that gave it: %s',
    async (endpoint) => {
      const { cache, clock, moveToSuccessor, source } = createCacheLine();
      const key = keyOf('7', 'GAMES');
      source.read = async () => ({ ...answerAt(clock.nowMs()), endpoint });
      const bought = cache.read(key, { acceptCache: false, requester: createRequester() });
      moveToSuccessor();
      await bought;
      expect(wordOf(cache.peek(key))).toBe(endpoint === 'author-link-info' ? 'FRESH' : 'nothing');
    },
  );

  test.each<Reply>(['outcome-unknown', 'bad-response', 400])(
    'a forced read that fails with %s hides no answer that is in the store',
    async (reply) => {
      const first = createCacheLine();
      await first.buy(KEY);
      const restarted = createCacheLine({ clock: first.clock, held: first.held });
      await restarted.force(KEY);
      await restarted.endLast(reply);
      expect((await restarted.read(KEY)).word()).toBe('FRESH');
    },
  );
});

test('the limit of the client that leads a call does not apply to a client that joined it', async () => {
  const { cache, clock, source } = createCacheLine();
  const refused = { kind: 'failure', error: new UpstreamError(CLIENT_BUDGET_EXHAUSTED), failedAtMs: 1 } as const;
  const outcomes: LinkIndexOutcome[] = [refused, answerAt(clock.nowMs(), 1)];
  source.read = () => settled().then(() => outcomes.shift() ?? refused);
  const reads = ['leader', 'follower'].map((name) => {
    const requester = { ...createRequester(), payer: { name, billedPerDay: 1 } };
    return cache.read(KEY, { acceptCache: true, requester });
  });
  expect((await Promise.all(reads)).map(wordOf)).toEqual(['BUDGET_EXHAUSTED', 'FRESH']);
});

describe('among replicas', () => {
  const granting = (lease: HeldLease | LeaseOfAnother): Leases => ({ acquire: async () => lease, stop() {} });

  test('what another replica has bought is remembered here, too', async () => {
    const clock = createTestClock();
    const outcome = Promise.resolve(answerAt(clock.nowMs(), 1));
    const leases = granting({ kind: 'of-another', token: 'theirs', isForced: false, outcome });
    const { cache, read, source } = createCacheLine({ clock, leases });
    expect((await read(KEY)).word()).toBe('FRESH');
    expect(wordOf(cache.peek(KEY))).toBe('FRESH');
    expect(source.calls).toHaveLength(0);
  });

  test('a refresh that holds the lease is not satisfied by the stale answer in the store', async () => {
    const { buy, clock, held } = createCacheLine();
    await buy(KEY, SECOND_WINDOW_MS);
    const leases = granting({ kind: 'held', token: 'ours', extend: async () => true, end: async () => {} });
    const { endLast, read, source } = createCacheLine({ clock, held, leases });
    expect((await read(KEY)).word()).toBe('STALE_REVALIDATING');
    expect(source.calls).toHaveLength(1);
    await endLast(0);
    expect((await read(KEY)).word()).toBe('FRESH');
  });
});
