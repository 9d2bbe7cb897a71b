import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { type BalanceUpdate, createRedisBalance } from '../../../src/stores/redis/balance.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';

const INTERVAL_MS = 3_600_000;
/** Far beyond what a message takes, in milliseconds. */
const UNDER_WAY_MS = 30_000;
const READING = { amount: '123.4500', currency: 'CNY', readAtMs: 1_788_000_000_000 };
const KEPT = '1788000000000 123.4500 CNY';

const nearly = (ms: number) => expect.toSatisfy((left: number) => left <= ms && left > ms - UNDER_WAY_MS);

describeWithRedis('the balance that replicas share', () => {
  const redis = useRedis();

  function setUp() {
    const keys = redis.newKeys();
    return {
      keys,
      open(account = 'a1') {
        const link = redis.newLink();
        const heard: unknown[] = [];
        const shared = createRedisBalance({
          link,
          keys,
          intervalMs: INTERVAL_MS,
          account: () => account,
          clockOffsetMs: () => 0,
        });
        shared.listen((reading) => heard.push(reading));
        return { ...shared, link, heard };
      },
    };
  }

  test('is read by one of them in each interval, which ends by the clock of the server', async () => {
    const { keys, open } = setUp();
    const replicas = [open(), open(), open()];
    const turns = await Promise.all(replicas.map(({ takeTurn }) => takeTurn()));
    expect(turns.filter(({ isOurs }) => isOurs)).toHaveLength(1);
    expect(turns).toEqual(turns.map(({ isOurs }) => ({ isOurs, nextInMs: nearly(INTERVAL_MS), last: undefined })));
    // As when the interval has passed.
    await redis.ask('PEXPIRE', keys.balanceTurn('a1'), 0);
    expect(await open().takeTurn()).toMatchObject({ isOurs: true });
  });

  test('is known to a replica that comes later, and told to those that are there', async () => {
    const { keys, open } = setUp();
    const listening = (redis.client as Redis).duplicate();
    onTestFinished(() => listening.disconnect());
    await once(listening, 'ready');
    await listening.subscribe(keys.updates);
    const published: BalanceUpdate[] = [];
    listening.on('message', (_channel, message) => published.push(JSON.parse(message)));

    const reader = open();
    await reader.takeTurn();
    await reader.share(READING);
    expect(await open().takeTurn()).toEqual({ isOurs: false, nextInMs: nearly(INTERVAL_MS), last: READING });
    await expect.poll(() => published).toEqual([['balance', 'a1', KEPT]]);
    const hearing = open();
    hearing.onMessage(published[0] as BalanceUpdate);
    expect(hearing.heard).toEqual([READING]);
    expect(await redis.ask('PTTL', keys.balance('a1'))).toEqual(nearly(30 * 86_400_000));
  });

  test('is each account’s own', async () => {
    const { open } = setUp();
    const [ours, theirs] = [open('a1'), open('a2')];
    expect(await ours.takeTurn()).toMatchObject({ isOurs: true });
    await ours.share(READING);
    expect(await theirs.takeTurn()).toMatchObject({ isOurs: true, last: undefined });
    theirs.onMessage(['balance', 'a1', KEPT]);
    expect(theirs.heard).toEqual([]);
  });

  test('has its keys in one slot of a Cluster', async () => {
    const { keys } = setUp();
    const tag = /\{(.+)\}/.exec(keys.updates)?.[1];
    for (const key of [keys.balance('a1'), keys.balanceTurn('a1')]) expect(/\{(.+)\}/.exec(key)?.[1]).toBe(tag);
  });

  test.each(['', 'junk', '1 2', '1 2 CNY more', 'x 2 CNY', '1 1e3 CNY', '1 2 cny', '-1 2 CNY', '1e3 2 CNY'])(
    '%j in place of a reading is nothing',
    async (text) => {
      const { keys, open } = setUp();
      await redis.ask('SET', keys.balance('a1'), text);
      const replica = open();
      expect(await replica.takeTurn()).toMatchObject({ last: undefined });
      replica.onMessage(['balance', 'a1', text]);
      replica.onMessage(['balance', 'a1'] as never);
      expect(replica.heard).toEqual([]);
    },
  );

  test('waits an interval where somebody made the turn endless', async () => {
    const { keys, open } = setUp();
    await redis.ask('SET', keys.balanceTurn('a1'), 1);
    expect(await open().takeTurn()).toMatchObject({ isOurs: false, nextInMs: INTERVAL_MS });
  });

  test('rejects where the store is unavailable', async () => {
    const replica = setUp().open();
    replica.link.fault = 'away';
    await expect(replica.takeTurn()).rejects.toThrow('unavailable');
    await expect(replica.share(READING)).rejects.toThrow('unavailable');
  });
});
