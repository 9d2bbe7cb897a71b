import { expect, test } from 'vitest';
import { createRates } from '../../../src/server/clients/rates.ts';
import { createRedisRates } from '../../../src/stores/redis/rates.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock } from '../../support/test-clock.ts';

const clientOf = (name: string, perMinute: number | undefined) =>
  ({ name, perMinute, billedPerDay: undefined, scopes: new Set<never>() }) as const;
const WEB = clientOf('web', 10);

describeWithRedis('the rate of a client', () => {
  const redis = useRedis();

  function setUp({ sharers = 2 } = {}) {
    const [clock, keys] = [createTestClock(), redis.newKeys()];
    return {
      clock,
      keys,
      open() {
        const link = redis.newLink();
        const errors: string[] = [];
        const onError = (operation: string, error: unknown) => errors.push(`${operation}: ${(error as Error).message}`);
        const shared = createRedisRates({ link, keys, sharers: () => sharers, timers: clock.timers, onError });
        const rates = createRates({ shared, clock: clock.nowMs, timers: clock.timers });
        /** How many of so many requests are let in. */
        const letIn = async (count: number, client = WEB) => {
          const refusals = await Promise.all(Array.from({ length: count }, () => rates.count(client)));
          return refusals.filter((refusal) => refusal === undefined).length;
        };
        return { link, rates, letIn, errors };
      },
    };
  }

  test('is exact over all replicas', async () => {
    const { open } = setUp();
    const replicas = [open(), open(), open()];
    const letIn = await Promise.all(replicas.map((replica) => replica.letIn(20)));
    expect(letIn.reduce((sum, count) => sum + count)).toBe(10);
  });

  test('is refused with the time until the minute is over', async () => {
    const { keys, open } = setUp();
    const { letIn, rates } = open();
    await letIn(10);
    await redis.ask('PEXPIRE', keys.rate('web'), 30_500);
    const refusal = await rates.count(WEB);
    expect(refusal).toMatchObject({ httpStatus: 429, code: 'RATE_LIMITED' });
    expect([30, 31]).toContain(refusal?.retryAfterSeconds);
  });

  test('begins anew with the first request after the minute, which no other one prolongs', async () => {
    const { keys, open } = setUp();
    const { letIn } = open();
    await letIn(1);
    await redis.ask('PEXPIRE', keys.rate('web'), 30_000);
    expect(await letIn(20)).toBe(9);
    expect(Number(await redis.ask('PTTL', keys.rate('web')))).toBeLessThanOrEqual(30_000);
    await redis.ask('DEL', keys.rate('web'));
    expect(await letIn(20)).toBe(10);
    expect(Number(await redis.ask('PTTL', keys.rate('web')))).toBeGreaterThan(30_000);
  });

  test('is each client’s own, and nobody’s who has no limit', async () => {
    const { keys, open } = setUp();
    const { letIn } = open();
    expect(await letIn(20)).toBe(10);
    expect(await letIn(3, clientOf('app', 2) as unknown as typeof WEB)).toBe(2);
    expect(await letIn(50, clientOf('ops', undefined) as unknown as typeof WEB)).toBe(50);
    expect(await redis.ask('EXISTS', keys.rate('ops'))).toBe(0);
  });

  test.each([
    { sharers: 1, share: 10 },
    { sharers: 2, share: 5 },
    { sharers: 3, share: 3 },
    { sharers: 11, share: 0 },
  ])(
    'is divided by $sharers while Redis is unavailable, so that one lets in $share of 10',
    async ({ sharers, share }) => {
      const { errors, letIn, link } = setUp({ sharers }).open();
      link.fault = 'away';
      expect(await letIn(20)).toBe(share);
      expect(errors).toEqual(Array(20).fill('rates: Redis is unavailable'));
    },
  );

  test('counts what was let in before Redis went away', async () => {
    const { letIn, link } = setUp().open();
    expect(await letIn(4)).toBe(4);
    link.fault = 'away';
    expect(await letIn(20)).toBe(1);
  });

  test('holds up no request by more than 50 ms', async () => {
    const { clock, open } = setUp();
    const { letIn, link } = open();
    link.hold();
    const counting = letIn(20);
    await expect.poll(() => clock.pending).toBe(20);
    clock.advanceMs(50);
    expect(await counting).toBe(5);
    await link.release();
  });
});
