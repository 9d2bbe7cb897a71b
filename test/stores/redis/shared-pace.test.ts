import { expect, test } from 'vitest';
import { createRedisPace } from '../../../src/stores/redis/pace.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock } from '../../support/test-clock.ts';

const PATIENCE_MS = 50;

describeWithRedis('the line of calls', () => {
  const redis = useRedis();

  function setUp(maxPerSecond: number, sharers = 1) {
    const [clock, keys] = [createTestClock(), redis.newKeys()];
    return {
      clock,
      keys,
      /** One more replica in the same line. */
      open() {
        const link = redis.newLink();
        const errors: string[] = [];
        const pace = createRedisPace({
          ...{ link, keys, maxPerSecond, sharers: () => sharers, clock: clock.nowMs, timers: clock.timers },
          onError: (operation, error) => errors.push(`${operation}: ${(error as Error).message}`),
        });
        return { link, pace, errors };
      },
    };
  }

  /** Redis' own clock goes on between two questions: only what lies between places is exact. */
  const differences = (placesMs: readonly number[]) =>
    placesMs.slice(1).map((ms, index) => ms - (placesMs[index] ?? 0));

  test('begins at once', async () => {
    expect(await setUp(0.01).open().pace.takePlace()).toBe(0);
  });

  test.each([1, 2, 3])('gives %i replicas places of which no two are the same', async (count) => {
    const { open } = setUp(0.05);
    const replicas = Array.from({ length: count }, open);
    const places = await Promise.all(
      Array.from({ length: 12 }, (_, index) => replicas[index % count]?.pace.takePlace()),
    );
    const inOrder = (places as number[]).sort((one, other) => one - other);
    // A place lies 20 s after the one before; the server's clock has gone on by far less meanwhile.
    for (const [index, waitMs] of inOrder.entries()) expect(Math.round(waitMs / 20_000)).toBe(index);
    for (const ms of differences(inOrder)) expect(ms).toBeLessThanOrEqual(20_000);
  });

  test('knows parts of a millisecond', async () => {
    const { keys, open } = setUp(10_000);
    const { pace } = open();
    const [seconds] = (await redis.ask('TIME')) as [string];
    await redis.ask('SET', keys.pace, `${Number(seconds) + 60}000000`);
    const [first = 0, second = 0] = [await pace.takePlace(), await pace.takePlace()];
    expect(Number(await redis.ask('GET', keys.pace)) - (Number(seconds) + 60) * 1e6).toBe(200);
    expect(second - first).toBeLessThanOrEqual(0.1);
  });

  test('is divided among the replicas while Redis is unavailable', async () => {
    const { clock, open } = setUp(2, 3);
    const { errors, link, pace } = open();
    link.fault = 'away';
    expect([await pace.takePlace(), await pace.takePlace(), await pace.takePlace()]).toEqual([0, 1500, 3000]);
    clock.advanceMs(10_000);
    expect([await pace.takePlace(), await pace.takePlace()]).toEqual([0, 1500]);
    expect(errors).toEqual(Array(5).fill('pace: Redis is unavailable'));
  });

  test('is left when Redis does not say within 50 ms, and joined again afterwards', async () => {
    const { clock, open } = setUp(0.1, 2);
    const { link, pace } = open();
    link.hold();
    const taking = pace.takePlace();
    clock.advanceMs(PATIENCE_MS);
    expect(await taking).toBe(0);
    await link.release();
    expect(Math.round((await pace.takePlace()) / 10_000), 'the late place was taken too').toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('is remembered until its next place has come', async () => {
    const { keys, open } = setUp(0.001);
    await open().pace.takePlace();
    expect(Number(await redis.ask('PTTL', keys.pace))).toBeGreaterThan(990_000);
  });
});
