import { describe, expect, test } from 'vitest';
import { encodeOutcome } from '../../../src/domain/outcome-codec.ts';
import { createRedisAnswerStore } from '../../../src/stores/redis/answers-in-redis.ts';
import type { RedisKeys } from '../../../src/stores/redis/keys.ts';
import { answerOf, describeAnswerStore, failureOf } from '../../support/answer-store-contract.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock } from '../../support/test-clock.ts';

const KEYS = Array.from({ length: 100 }, (_, index) => String(index));

describeWithRedis('with one server', () => {
  const redis = useRedis();
  const clock = createTestClock(500);
  const open = (keys: RedisKeys = redis.newKeys()) =>
    createRedisAnswerStore({
      link: redis.newLink(),
      keys,
      isCluster: false,
      clock: clock.nowMs,
      clockOffsetMs: () => 0,
    });

  /** How often the server was asked this. */
  async function callsOf(command: string): Promise<number> {
    const stats = String(await redis.ask('INFO', 'commandstats'));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  describeAnswerStore('redis', { open: () => open() });

  test('keeps a newer answer, though it was put first: what a replica could not write at once comes late', async () => {
    const store = open();
    for (const row of [answerOf('7', 2000, 1), answerOf('7', 1000, 2)]) await store.put(row);
    expect(await store.getMany(['7'])).toEqual([answerOf('7', 2000, 1)]);
  });

  describe('an entry', () => {
    const good = (key: string) => encodeOutcome(key, answerOf('7', 1000).outcome, 5000);

    test.each<[string, (key: string, keys: RedisKeys) => string]>([
      ['of another version', (key) => good(key).replace('k1', 'k0')],
      ['with a wrong checksum', (key) => good(key).replace(/^(\S+ \S+) \S/, '$1 !')],
      ['with another birth', (key) => good(key).replace(' 1000 ', ' 1001 ')],
      ['that is cut off', (key) => good(key).slice(0, -2)],
      ['of another key', (_, keys) => good(keys.answer('8'))],
      ['of the key it has elsewhere', () => good('7')],
      ['with a line more', (key) => `${good(key)}\n`],
      ['that is a number', () => '1'],
      ['that is empty', () => ''],
    ])('%s is a miss, and a newer answer takes its place', async (_, change) => {
      const keys = redis.newKeys();
      const [store, key] = [open(keys), keys.answer('7')];
      expect(change(key, keys)).not.toBe(good(key));
      await store.put(answerOf('8', 1000));
      await redis.ask('SET', key, change(key, keys));
      expect(await store.getMany(['7', '8'])).toEqual([answerOf('8', 1000)]);
      await store.put(answerOf('7', 2000));
      expect(await store.getMany(['7'])).toEqual([answerOf('7', 2000)]);
    });

    test.each([
      ['a list', 'RPUSH', ['1']],
      ['a hash', 'HSET', ['billed', 1]],
    ])('that is %s is a miss, and a newer answer takes its place', async (_, command, rest) => {
      const keys = redis.newKeys();
      const store = open(keys);
      await store.put(answerOf('8', 1000));
      await redis.ask(command, keys.answer('7'), ...rest);
      expect(await store.getMany(['7', '8'])).toEqual([answerOf('8', 1000)]);
      await store.put(answerOf('7', 2000));
      expect(await store.getMany(['7'])).toEqual([answerOf('7', 2000)]);
    });

    test('that claims to come from the future keeps no other out', async () => {
      const keys = redis.newKeys();
      const [store, key] = [open(keys), keys.answer('7')];
      await redis.ask('SET', key, good(key).replace(' 1000 ', ` ${Date.now() + 120_000} `));
      await store.put(answerOf('7', 2000));
      expect(await store.getMany(['7'])).toEqual([answerOf('7', 2000)]);
    });

    test('that another replica wrote is an answer', async () => {
      const keys = redis.newKeys();
      await redis.ask('SET', keys.answer('7'), good(keys.answer('7')));
      expect(await open(keys).getMany(['7'])).toEqual([answerOf('7', 1000, 50, 5000)]);
    });

    test.each([
      ['until nobody can use it', 60_500, 60_000],
      ['a millisecond when nobody can use it any more', 400, 1],
      ['ten years at the most', Number.MAX_SAFE_INTEGER, 10 * 366 * 86_400_000],
    ])('lives %s', async (_, expiresAtMs, ttlMs) => {
      const keys = redis.newKeys();
      await open(keys).put(answerOf('7', 400, 1, expiresAtMs));
      const leftMs = Number(await redis.ask('PTTL', keys.answer('7')));
      expect(leftMs).toBeLessThanOrEqual(ttlMs);
      expect(leftMs).toBeGreaterThan(ttlMs - 30_000);
    });
  });

  test('two replicas see what the other one puts, and the newer answer wins', async () => {
    const keys = redis.newKeys();
    const [one, other] = [open(keys), open(keys)];
    await one.put(answerOf('7', 2000, 2));
    await other.put(answerOf('7', 1000, 1));
    await other.put(answerOf('8', 1000));
    expect(await other.getMany(['7'])).toEqual([answerOf('7', 2000, 2)]);
    expect(await one.getMany(['8'])).toEqual([answerOf('8', 1000)]);
  });

  test('of many puts of one key at once the newest stays, in whatever order they come', async () => {
    const keys = redis.newKeys();
    const stores = [open(keys), open(keys), open(keys)];
    const births = KEYS.map((_, index) => (index * 37) % KEYS.length);
    await Promise.all(births.map((atMs, index) => stores[index % 3]?.put(answerOf('7', atMs, atMs))));
    expect(await open(keys).getMany(['7'])).toEqual([answerOf('7', 99, 99)]);
  });

  test('accounts are apart', async () => {
    const [ours, theirs] = [open(), open()];
    await ours.put(answerOf('7', 1000, 1));
    await theirs.put(answerOf('7', 2000, 2));
    expect(await ours.getMany(['7'])).toEqual([answerOf('7', 1000, 1)]);
  });

  test('a hundred keys are one question', async () => {
    const store = open();
    await Promise.all(KEYS.map((key) => store.put(answerOf(key, 1000))));
    const before = [await callsOf('mget'), await callsOf('get')];
    expect(await store.getMany(KEYS)).toHaveLength(100);
    expect([await callsOf('mget'), await callsOf('get')]).toEqual([(before[0] ?? 0) + 1, before[1]]);
  });

  test('a server that cannot tell is no miss', async () => {
    const link = redis.newLink();
    const store = createRedisAnswerStore({
      link,
      keys: redis.newKeys(),
      isCluster: false,
      clock: clock.nowMs,
      clockOffsetMs: () => 0,
    });
    link.fault = 'away';
    await expect(store.getMany(['7'])).rejects.toThrow('unavailable');
    await expect(store.put(failureOf('7', 1000))).rejects.toThrow('unavailable');
  });
});
