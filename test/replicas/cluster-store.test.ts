import { expect, test } from 'vitest';
import { createRedisAnswerStore } from '../../src/stores/redis/answers-in-redis.ts';
import { answerOf, describeAnswerStore } from '../support/answer-store-contract.ts';
import { useRedis } from '../support/redis-link.ts';
import { describeWithRedis, startRedisCluster } from '../support/redis-server.ts';

const KEYS = Array.from({ length: 100 }, (_, index) => String(index));

describeWithRedis('with a Cluster', () => {
  const redis = useRedis(startRedisCluster);
  const open = (keys = redis.newKeys()) =>
    createRedisAnswerStore({ link: redis.newLink(), keys, isCluster: true, clock: () => 500, clockOffsetMs: () => 0 });

  describeAnswerStore('cluster', { open: () => open() });

  test('answers are spread over its nodes, and each is found', async () => {
    const keys = redis.newKeys();
    const store = open(keys);
    await Promise.all(KEYS.map((key) => store.put(answerOf(key, 1000, Number(key)))));
    expect(await store.getMany(KEYS)).toEqual(KEYS.map((key) => answerOf(key, 1000, Number(key))));
    const slots = await Promise.all(KEYS.map((key) => redis.ask('CLUSTER', 'KEYSLOT', keys.answer(key))));
    expect(new Set(slots.map((slot) => Math.floor(Number(slot) / (16_384 / 3)))).size).toBe(3);
  });

  test('a wrong type is a miss, and hides no other answer', async () => {
    const keys = redis.newKeys();
    const store = open(keys);
    await store.put(answerOf('8', 1000));
    await redis.ask('RPUSH', keys.answer('7'), '1');
    expect(await store.getMany(['7', '8'])).toEqual([answerOf('8', 1000)]);
    await store.put(answerOf('7', 2000));
    expect(await store.getMany(['7'])).toEqual([answerOf('7', 2000)]);
  });
});
