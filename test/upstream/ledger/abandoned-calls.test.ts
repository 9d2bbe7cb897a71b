import { expect, test } from 'vitest';
import type { Billed } from '../../../src/domain/verdicts.ts';
import { createRedisLedgers, onDay } from '../../support/redis-ledgers.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';

const SILENT_SECONDS = 60;
const NOTHING = { billed: 0, unknown: 0 };

describeWithRedis('a flight whose holder died', () => {
  const redis = useRedis();

  test('counts as unknown, once, and no other does', async () => {
    const { abandon, booked, open } = createRedisLedgers(redis);
    const { ledger } = open({ owner: 'dead', dailyBudget: 9 });
    await ledger.reserve({ flight: 'dead:1' });
    await ledger.reserve({ flight: 'dead:11' });
    await ledger.reserve();
    const gone = await Promise.all([abandon('dead:1'), abandon('dead:1'), abandon('dead:1')]);
    expect(gone.flat()).toHaveLength(1);
    expect(await booked()).toEqual({ billed: 0, unknown: 1, open: 2 });
  });

  test('counts for its client too', async () => {
    const { abandon, booked, keys, open } = createRedisLedgers(redis);
    const [account, client] = [open({ owner: 'dead' }), open({ owner: 'dead', client: 'web' })];
    await client.ledger.reserve({ flight: 'dead:1', budget: 5 });
    await account.ledger.reserve({ flight: 'dead:1' });
    expect(await abandon('dead:1')).toHaveLength(2);
    for (const name of [undefined, 'web']) expect(await booked(name)).toEqual({ billed: 0, unknown: 1, open: 0 });
    expect(await redis.ask('HLEN', keys.reservations)).toBe(0);
  });

  test.each<Billed>(['yes', 'no', 'unknown'])(
    'stays unknown when it was only slow, and settles late as "%s"',
    async (billed) => {
      const { abandon, booked, open } = createRedisLedgers(redis);
      const { ledger } = open();
      const reservation = await ledger.reserve({ flight: 'slow:1' });
      await abandon('slow:1');
      await reservation?.settle(billed);
      expect(await booked()).toEqual({ billed: 0, unknown: 1, open: 0 });
      expect(ledger.today()).toMatchObject({ billed: 0, unknown: 1, open: 0 });
      expect(await abandon('slow:1')).toEqual([]);
    },
  );

  test('is nobody else’s: what was settled before is not counted again', async () => {
    const { abandon, booked, open } = createRedisLedgers(redis);
    const reservation = await open().ledger.reserve({ flight: 'done:1' });
    await reservation?.settle('yes');
    expect(await abandon('done:1')).toEqual([]);
    expect(await booked()).toEqual({ billed: 1, unknown: 0, open: 0 });
  });

  test('keeps its place in the budget', async () => {
    const { abandon, open } = createRedisLedgers(redis);
    await open({ dailyBudget: 1 }).ledger.reserve({ flight: 'dead:1' });
    await abandon('dead:1');
    expect(await open({ dailyBudget: 1 }).ledger.reserve()).toBeUndefined();
  });
});

describeWithRedis('replicas that are not heard of', () => {
  const redis = useRedis();

  /** Reservations of replicas that were heard of so many seconds ago; undefined for never. */
  async function setUp(silences: Readonly<Record<string, number | undefined>>, reservedSecondsAgo = 3600) {
    const ledgers = createRedisLedgers(redis);
    const { abandon, keys, open } = ledgers;
    const [seconds] = (await redis.ask('TIME')) as [string];
    for (const [owner, silence] of Object.entries(silences)) {
      await open({ owner }).spendingStore.reserve({
        id: owner,
        days: onDay('d'),
        budget: undefined,
        flight: `${owner}:1`,
      });
      if (silence !== undefined) await redis.ask('ZADD', keys.replicas, Number(seconds) - silence, owner);
      const at = Number(seconds) - reservedSecondsAgo;
      await redis.ask('HSET', keys.reservations, owner, `${keys.spent('d')} ${owner} ${at} ${owner}:1`);
    }
    /** As the first one does that looks after the others. */
    const sweep = async () => {
      await redis.ask('DEL', keys.sweep);
      return (await abandon('', SILENT_SECONDS)).map((line) => line.split(' ')[1]).sort();
    };
    return { abandon, sweep, booked: () => ledgers.booked(undefined, 'd'), open };
  }

  test('have lost their calls, and those that live have not', async () => {
    const { booked, sweep } = await setUp({
      alive: 0,
      late: SILENT_SECONDS - 5,
      silent: SILENT_SECONDS + 5,
      never: undefined,
    });
    expect(await sweep()).toEqual(['never', 'silent']);
    expect(await sweep()).toEqual([]);
    expect(await booked()).toEqual({ billed: 0, unknown: 2, open: 2 });
  });

  test('are looked after by one for all', async () => {
    const { abandon, booked, sweep } = await setUp({ silent: 3600 });
    const gone = await Promise.all(Array.from({ length: 10 }, () => abandon('', SILENT_SECONDS)));
    expect(gone.flat()).toHaveLength(1);
    expect(await sweep()).toEqual([]);
    expect(await booked()).toEqual({ billed: 0, unknown: 1, open: 0 });
  });

  test('keep what they have just reserved: their next word may be on its way', async () => {
    const { booked, sweep } = await setUp({ silent: 3600, never: undefined }, 5);
    expect(await sweep()).toEqual([]);
    expect(await booked()).toMatchObject({ open: 2 });
  });

  test('find, when they come back, that their calls are unknown', async () => {
    const { booked, open, sweep } = await setUp({ silent: 3600 });
    await sweep();
    await open().spendingStore.settle({ id: 'silent', day: 'd', billed: 1, unknown: 0 }, NOTHING);
    expect(await booked()).toEqual({ billed: 0, unknown: 1, open: 0 });
  });
});
