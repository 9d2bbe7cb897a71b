import { expect, test } from 'vitest';
import { daysIn } from '../../../src/domain/zone-days.ts';
import { BEFORE_MIDNIGHT_MS, DAY, describeLedger, NEXT_DAY, reserveAll, spend } from '../../support/ledger-contract.ts';
import { createRedisLedgers, onDay } from '../../support/redis-ledgers.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock } from '../../support/test-clock.ts';

const RESETTLE_MS = 1000;
const HOUR_MS = 3_600_000;

describeWithRedis('a redis ledger', () => {
  const redis = useRedis();

  describeLedger('redis', (options) => createRedisLedgers(redis).open(options).ledger);

  test.each([2, 3])('%i replicas share their budget to the call, however they burst', async (count) => {
    const { booked, open } = createRedisLedgers(redis);
    const ledgers = Array.from({ length: count }, () => open({ dailyBudget: 20 }).ledger);
    const granted = (await Promise.all(ledgers.map((ledger) => reserveAll(ledger, 30)))).flat();
    expect(granted).toHaveLength(20);
    const [first, ...rest] = granted;
    await Promise.all([first?.settle('no'), ...rest.map((reservation) => reservation.settle('yes'))]);
    expect(await booked()).toEqual({ billed: 19, unknown: 0, open: 0 });
    const again = (await Promise.all(ledgers.map((ledger) => reserveAll(ledger, 5)))).flat();
    expect(again).toHaveLength(1);
  });

  test('the books themselves refuse what the day has no room for', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { spendingStore } = open();
    const reserve = (id: string) => spendingStore.reserve({ id, days: onDay('d'), budget: 2, flight: undefined });
    const replies = await Promise.all(['1', '2', '3', '4'].map(reserve));
    expect(replies.map(({ isGranted }) => isGranted)).toEqual([true, true, false, false]);
    expect(replies.at(-1)?.spending).toEqual({ billed: 0, unknown: 0, open: 2 });
    expect(await booked(undefined, 'd')).toEqual({ billed: 0, unknown: 0, open: 2 });
  });

  test.each([
    ['an hour ahead', HOUR_MS],
    ['an hour behind', -HOUR_MS],
  ])('a replica whose clock is %s books on the day of the server', async (_, errorMs) => {
    const { booked, open } = createRedisLedgers(redis);
    const server = createTestClock(BEFORE_MIDNIGHT_MS);
    const clock = { ...server, nowMs: () => server.nowMs() + errorMs };
    const { ledger } = open({ dailyBudget: 1, clock, serverNowMs: server.nowMs });
    expect(await spend(ledger)).toBe(true);
    expect(await spend(ledger)).toBe(false);
    expect([await booked(undefined, DAY), await booked(undefined, NEXT_DAY)]).toEqual([
      { billed: 1, unknown: 0, open: 0 },
      { billed: 0, unknown: 0, open: 0 },
    ]);
    server.advanceMs(1000);
    expect(await spend(ledger)).toBe(true);
    expect(await spend(ledger)).toBe(false);
    expect((await booked(undefined, NEXT_DAY)).billed).toBe(1);
    expect(ledger.today()).toMatchObject({ day: NEXT_DAY, billed: 1 });
  });

  test.each([HOUR_MS, -HOUR_MS])(
    'a replica whose clock is %d ms off books on the day of the server, before a day of the zone that has no midnight',
    async (errorMs) => {
      const { booked, open } = createRedisLedgers(redis);
      const server = createTestClock(Date.UTC(2018, 10, 4, 2, 59, 59, 900));
      const clock = { ...server, nowMs: () => server.nowMs() + errorMs };
      const days = daysIn('America/Sao_Paulo');
      const { ledger } = open({ dailyBudget: 1, days, clock, serverNowMs: server.nowMs });
      expect([await spend(ledger), await spend(ledger)]).toEqual([true, false]);
      expect((await booked(undefined, '2018-11-03')).billed).toBe(1);
      server.advanceMs(1000);
      expect([await spend(ledger), await spend(ledger)]).toEqual([true, false]);
      expect((await booked(undefined, '2018-11-04')).billed).toBe(1);
    },
  );

  test('a day is kept until it has ended in every zone, also one of 25 hours with one call at its begin', async () => {
    const { keys, open } = createRedisLedgers(redis);
    const { spendingStore, ledger } = open();
    /** From the begin of the day in UTC+14 to its end in UTC-12. */
    const neededSeconds = (25 + 26) * 3600;
    const kept = () => redis.ask('TTL', keys.spent(DAY));
    const reservation = await ledger.reserve();
    expect(await kept()).toBeGreaterThan(neededSeconds);
    await redis.ask('PERSIST', keys.spent(DAY));
    await reservation?.settle('yes');
    expect(await kept()).toBeGreaterThan(neededSeconds);
    await redis.ask('PERSIST', keys.spent(DAY));
    await spendingStore.raise({ day: DAY, billed: 2, unknown: 0 });
    expect(await kept()).toBeGreaterThan(neededSeconds);
  });

  test('a replica that starts later takes up what is spent', async () => {
    const { open } = createRedisLedgers(redis);
    const first = open({ dailyBudget: 4 }).ledger;
    for (const billed of ['yes', 'unknown', 'no'] as const) await spend(first, billed);
    await reserveAll(first, 1);
    const later = open({ dailyBudget: 4 }).ledger;
    expect(later.isKnown()).toBe(false);
    await later.load();
    expect(later.today()).toMatchObject({ billed: 1, unknown: 1, open: 1 });
    expect(later.isKnown()).toBe(true);
    expect(await reserveAll(later, 3)).toHaveLength(1);
  });

  test('the limit of a client is shared too, and is apart from those of others and of the account', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const ofWeb = [open({ client: 'web' }).ledger, open({ client: 'web' }).ledger];
    const ofApp = open({ client: 'app' }).ledger;
    const asWeb = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ofWeb[index % 2]?.reserve({ budget: 7, flight: 'f' })),
    );
    expect(asWeb.filter((reservation) => reservation !== undefined)).toHaveLength(7);
    expect(await ofApp.reserve({ budget: 1 })).toBeDefined();
    for (const [client, open] of [
      ['web', 7],
      ['app', 1],
      [undefined, 0],
    ] as const)
      expect(await booked(client)).toEqual({ billed: 0, unknown: 0, open });
  });

  test('accounts are apart', async () => {
    const [ours, theirs] = [createRedisLedgers(redis), createRedisLedgers(redis)];
    expect(await spend(ours.open({ dailyBudget: 1 }).ledger)).toBe(true);
    expect(await spend(theirs.open({ dailyBudget: 1 }).ledger)).toBe(true);
  });

  test('what is kept of a day and of its calls goes by itself', async () => {
    const { keys, open } = createRedisLedgers(redis);
    const { spendingStore } = open();
    await spendingStore.reserve({ id: 'r', days: onDay('d'), budget: undefined, flight: undefined });
    await spendingStore.settle({ id: 'r', day: 'd', billed: 1, unknown: 0 }, { billed: 0, unknown: 0 });
    await spendingStore.raise({ day: 'e', billed: 1, unknown: 0 });
    for (const key of [keys.spent('d'), keys.spent('e'), keys.settled('r')])
      expect(Number(await redis.ask('TTL', key))).toBeGreaterThan(3500);
  });
});

describeWithRedis('a reply that is lost', () => {
  const redis = useRedis();

  test('of a settlement: it is offered again, and booked once', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { clock, errors, ledger, link } = open({ dailyBudget: 2 });
    const [reservation] = await reserveAll(ledger, 1);
    link.fault = 'loses-replies';
    await reservation?.settle('yes');
    expect(errors).toEqual(['settle: the connection was lost']);
    expect(await booked()).toEqual({ billed: 1, unknown: 0, open: 0 });
    link.fault = 'none';
    clock.advanceMs(RESETTLE_MS);
    await ledger.load();
    await expect.poll(() => ledger.today()).toMatchObject({ billed: 1, unknown: 0, open: 0 });
    expect(await booked()).toEqual({ billed: 1, unknown: 0, open: 0 });
    expect(await reserveAll(ledger, 3)).toHaveLength(1);
  });

  test('of a reservation: it is given back, and what memory reserved instead is booked once', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { clock, ledger, link } = open({ dailyBudget: 5 });
    await ledger.load();
    link.hold();
    const reserving = ledger.reserve();
    await expect.poll(() => booked()).toMatchObject({ open: 1 });
    link.fault = 'away';
    await link.release();
    const reservation = await reserving;
    expect(await booked()).toMatchObject({ open: 1 });
    link.fault = 'none';
    clock.advanceMs(RESETTLE_MS);
    await expect.poll(() => booked()).toEqual({ billed: 0, unknown: 0, open: 0 });
    await reservation?.settle('yes');
    await ledger.close();
    expect(await booked()).toEqual({ billed: 1, unknown: 0, open: 0 });
  });

  test('within 50 ms: the call goes on, and the late reservation is given back', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { clock, ledger, link } = open({ dailyBudget: 5 });
    await ledger.load();
    link.hold();
    const reserving = ledger.reserve();
    await expect.poll(() => booked()).toMatchObject({ open: 1 });
    clock.advanceMs(50);
    const reservation = await reserving;
    await link.release();
    await expect.poll(() => booked()).toMatchObject({ open: 0 });
    await reservation?.settle('unknown');
    await ledger.close();
    expect(await booked()).toEqual({ billed: 0, unknown: 1, open: 0 });
  });
});
