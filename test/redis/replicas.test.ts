import { expect, onTestFinished, test } from 'vitest';
import { joinReplicas } from '../../src/redis/replicas.ts';
import { useRedis } from '../support/redis-link.ts';
import { describeWithRedis } from '../support/redis-server.ts';

describeWithRedis('replicas of one Redis', () => {
  const redis = useRedis();

  function setUp() {
    const keys = redis.newKeys();
    return {
      keys,
      join(owner: string) {
        const link = redis.newLink();
        const times: number[] = [];
        const beats: number[] = [];
        const replicas = joinReplicas({
          ...{ link, keys, owner },
          onTime: (ms) => times.push(ms),
          onBeat: async () => void beats.push(replicas.count),
          onError: () => {},
        });
        onTestFinished(() => replicas.close());
        return { link, replicas, times, beats };
      },
    };
  }

  test('count each other, and do so before they are told of the beat', async () => {
    const { join } = setUp();
    const [one, two, three] = [join('1'), join('2'), join('3')];
    expect(one.replicas.count).toBe(1);
    for (const { replicas } of [one, two, three, one]) await replicas.beat();
    expect([one, two, three].map(({ replicas }) => replicas.count)).toEqual([3, 2, 3]);
    expect(one.beats).toEqual([1, 3]);
  });

  test('are told the time of the server, in milliseconds', async () => {
    const { join } = setUp();
    const { replicas, times } = join('1');
    const before = Number(((await redis.ask('TIME')) as string[])[0]) * 1000;
    await replicas.beat();
    const after = (Number(((await redis.ask('TIME')) as string[])[0]) + 1) * 1000;
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[0]).toBeLessThan(after + 1000);
  });

  test.each([
    [14, 2],
    [16, 1],
  ])('count one that was last heard of %i s ago: %i', async (seconds, count) => {
    const { join, keys } = setUp();
    const { replicas } = join('1');
    await redis.ask('ZADD', keys.replicas, Number(((await redis.ask('TIME')) as string[])[0]) - seconds, 'other');
    await replicas.beat();
    expect(replicas.count).toBe(count);
  });

  test('forget one that was not heard of for more than an hour, and no other', async () => {
    const { join, keys } = setUp();
    const [seconds] = (await redis.ask('TIME')) as [string];
    await redis.ask('ZADD', keys.replicas, Number(seconds) - 3700, 'gone', Number(seconds) - 3500, 'silent');
    await join('1').replicas.beat();
    expect(await redis.ask('ZRANGE', keys.replicas, 0, -1)).toEqual(['silent', '1']);
  });

  test('leave when they stop, and keep the last count while Redis is away', async () => {
    const { join } = setUp();
    const [one, two] = [join('1'), join('2')];
    for (const { replicas } of [two, one]) await replicas.beat();
    one.link.fault = 'away';
    await expect(one.replicas.beat()).rejects.toThrow('away');
    expect(one.replicas.count).toBe(2);
    await two.replicas.close();
    one.link.fault = 'none';
    await one.replicas.beat();
    expect(one.replicas.count).toBe(1);
  });
});
