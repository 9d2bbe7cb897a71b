import { expect, test } from 'vitest';
import { settled } from '../../model/held-source.ts';
import { DAY, reserveAll, spend } from '../../support/ledger-contract.ts';
import { createRedisLedgers, onDay } from '../../support/redis-ledgers.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';

const RESETTLE_MS = 1000;

describeWithRedis('while Redis is unavailable', () => {
  const redis = useRedis();

  test.each([
    { budget: 10, known: 0, sharers: 3, share: 3 },
    { budget: 10, known: 4, sharers: 3, share: 2 },
    { budget: 10, known: 4, sharers: 1, share: 6 },
    { budget: 10, known: 9, sharers: 2, share: 0 },
    { budget: 2, known: 2, sharers: 1, share: 0 },
    { budget: 0, known: 0, sharers: 1, share: 0 },
  ])(
    'of $budget with $known known to be spent, one of $sharers spends $share, and books them afterwards',
    async (given) => {
      const { booked, open } = createRedisLedgers(redis);
      const { clock, ledger, link } = open({ dailyBudget: given.budget, sharers: given.sharers });
      await ledger.load();
      for (let call = 0; call < given.known; call += 1) await spend(ledger, 'yes');
      link.fault = 'away';
      for (const spent of await reserveAll(ledger, 20)) await spent.settle('unknown');
      expect(ledger.today()).toMatchObject({ billed: given.known, unknown: given.share, open: 0 });
      expect(await booked()).toEqual({ billed: given.known, unknown: 0, open: 0 });
      link.fault = 'none';
      clock.advanceMs(RESETTLE_MS);
      await expect.poll(() => booked()).toEqual({ billed: given.known, unknown: given.share, open: 0 });
      expect(ledger.today()).toMatchObject({ billed: given.known, unknown: given.share, open: 0 });
    },
  );

  test('three replicas together spend no more than the budget, and then book it to the call', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const replicas = Array.from({ length: 3 }, () => open({ dailyBudget: 20, sharers: 3 }));
    for (const { ledger } of replicas) await spend(ledger, 'yes');
    for (const { ledger } of replicas) await ledger.load();
    for (const { link } of replicas) link.fault = 'away';
    const spent = (await Promise.all(replicas.map(({ ledger }) => reserveAll(ledger, 20)))).flat();
    expect(spent).toHaveLength(15);
    for (const { clock, link } of replicas) {
      link.fault = 'none';
      clock.advanceMs(RESETTLE_MS);
    }
    await Promise.all(spent.map((reservation) => reservation.settle('yes')));
    expect(await booked()).toEqual({ billed: 18, unknown: 0, open: 0 });
    const rest = (await Promise.all(replicas.map(({ ledger }) => reserveAll(ledger, 5)))).flat();
    expect(rest).toHaveLength(2);
  });

  test('a call that was reserved before is settled when it is back', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { clock, ledger, link } = open({ dailyBudget: 1 });
    const [reservation] = await reserveAll(ledger, 1);
    link.fault = 'away';
    await reservation?.settle('no');
    expect(await reserveAll(ledger, 1)).toEqual([]);
    await settled();
    link.fault = 'none';
    clock.advanceMs(RESETTLE_MS);
    await expect.poll(() => booked()).toEqual({ billed: 0, unknown: 0, open: 0 });
    expect(await reserveAll(ledger, 2)).toHaveLength(1);
  });

  test('a call of one’s own that is not booked yet counts against the budget when it is back', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { ledger, link } = open({ dailyBudget: 3 });
    await ledger.load();
    link.fault = 'away';
    const [inFlight] = await reserveAll(ledger, 1);
    link.fault = 'none';
    expect(await reserveAll(ledger, 5)).toHaveLength(2);
    await inFlight?.settle('yes');
    expect(await booked()).toEqual({ billed: 1, unknown: 0, open: 2 });
  });

  test('a call that is just being booked is not counted in both places', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { clock, ledger, link } = open({ dailyBudget: 3 });
    await ledger.load();
    link.fault = 'away';
    for (let call = 0; call < 2; call += 1) await spend(ledger, 'yes');
    link.fault = 'none';
    clock.advanceMs(RESETTLE_MS);
    expect(await reserveAll(ledger, 2)).toHaveLength(1);
    expect(await booked()).toEqual({ billed: 2, unknown: 0, open: 1 });
  });

  test.each([
    { mayStartBlind: false, budget: 9, sharers: 3, share: 0 },
    { mayStartBlind: true, budget: 9, sharers: 3, share: 3 },
    { mayStartBlind: true, budget: 2, sharers: 3, share: 0 },
    { mayStartBlind: false, budget: undefined, sharers: 3, share: 20 },
  ])('from the start, with mayStartBlind $mayStartBlind, one of 3 has $share of $budget', async (given) => {
    const { booked, open } = createRedisLedgers(redis);
    const { mayStartBlind, budget, sharers, share } = given;
    const { ledger, link } = open({ dailyBudget: budget, sharers, mayStartBlind });
    link.fault = 'away';
    await expect(ledger.load()).rejects.toThrow('unavailable');
    expect(ledger.isKnown()).toBe(mayStartBlind);
    const granted = await reserveAll(ledger, 20);
    expect(granted).toHaveLength(share);
    link.fault = 'none';
    for (const reservation of granted) await reservation.settle('yes');
    await ledger.close();
    expect(await booked()).toEqual({ billed: share, unknown: 0, open: 0 });
  });
});

describeWithRedis('a Redis that lost everything', () => {
  const redis = useRedis();

  test.each([
    { budget: 40, elsewhere: 30, own: 0, billed: 0 },
    { budget: 40, elsewhere: 10, own: 10, billed: 10 },
    { budget: 10, elsewhere: 0, own: 0, billed: 10 },
    { budget: 10, elsewhere: 0, own: 4, billed: 6 },
    { budget: 10, elsewhere: 3, own: 2, billed: 5 },
  ])(
    'lets a budget of $budget be exceeded by at most the $elsewhere calls that other replicas have in flight',
    async ({ budget, elsewhere, own, billed }) => {
      const { open } = createRedisLedgers(redis);
      const [other, ours] = [open({ dailyBudget: budget }).ledger, open({ dailyBudget: budget }).ledger];
      for (let call = 0; call < billed; call += 1) await spend(other, 'yes');
      const inFlight = [...(await reserveAll(other, elsewhere)), ...(await reserveAll(ours, own))];
      await ours.load();
      expect(inFlight).toHaveLength(elsewhere + own);
      await redis.ask('FLUSHALL');
      const granted = (await Promise.all([reserveAll(ours, budget), reserveAll(ours, budget)])).flat();
      for (let call = 0; call < budget; call += 1) granted.push(...(await reserveAll(ours, 1)));
      const bought = billed + inFlight.length + granted.length;
      expect(bought).toBeGreaterThanOrEqual(budget);
      expect(bought).toBeLessThanOrEqual(budget + elsewhere);

      // What the others settle afterwards is known again, and nobody buys more.
      for (const reservation of [...inFlight, ...granted]) await reservation.settle('yes');
      const more = [...(await reserveAll(ours, budget)), ...(await reserveAll(other, budget))];
      expect(more).toEqual([]);
    },
  );

  /** A replica that knows of 3 billed calls and has one in flight, and another one that knows nothing. */
  async function setUp() {
    const ledgers = createRedisLedgers(redis);
    const [first, second] = [ledgers.open({ dailyBudget: 6 }), ledgers.open({ dailyBudget: 6 })];
    for (let call = 0; call < 3; call += 1) await spend(first.ledger, 'yes');
    const [inFlight] = await reserveAll(first.ledger, 1);
    return { ...ledgers, first, second, inFlight };
  }

  test('is told what the day has cost by who still knows it', async () => {
    const { booked, first, second } = await setUp();
    await redis.ask('FLUSHALL');
    await first.ledger.load();
    await expect.poll(() => booked()).toMatchObject({ billed: 3 });
    expect(await reserveAll(second.ledger, 9)).toHaveLength(3);
    expect(first.ledger.today()).toMatchObject({ billed: 3, open: 1 });
  });

  test('is raised to what the most knowing replica says, and never lowered by another', async () => {
    const { booked, first, second } = await setUp();
    await second.ledger.load();
    await spend(first.ledger, 'unknown');
    await redis.ask('FLUSHALL');
    for (const { ledger } of [first, second, first]) await ledger.load();
    await expect.poll(() => booked()).toMatchObject({ billed: 3, unknown: 1 });
    await first.spendingStore.raise({ day: DAY, billed: 1, unknown: 0 });
    expect(await booked()).toMatchObject({ billed: 3, unknown: 1 });
  });

  test('counts a call that was in flight meanwhile beside the others', async () => {
    const { booked, first, inFlight } = await setUp();
    await redis.ask('FLUSHALL');
    await inFlight?.settle('yes');
    await first.ledger.load();
    await expect.poll(() => booked()).toMatchObject({ billed: 4 });
  });
});

describeWithRedis('a reservation that is late', () => {
  const redis = useRedis();

  // Two connections know no order.
  test('is not open when it was given back before it arrived', async () => {
    const { booked, open } = createRedisLedgers(redis);
    const { spendingStore } = open();
    await spendingStore.settle({ id: 'late', day: DAY, billed: 0, unknown: 0 }, { billed: 0, unknown: 0 });
    await spendingStore.reserve({ id: 'late', days: onDay(DAY), budget: 5, flight: undefined });
    expect(await booked()).toEqual({ billed: 0, unknown: 0, open: 0 });
  });
});
