import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Billed } from '../../../src/domain/verdicts.ts';
import { type Reservation, spentIn } from '../../../src/upstream/ledger/ledger.ts';
import { settled } from '../../model/held-source.ts';
import { createRedisLedgers } from '../../support/redis-ledgers.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock } from '../../support/test-clock.ts';

const REPLICAS = 3;
const RESETTLE_MS = 1000;

type Step =
  | { readonly kind: 'reserve' | 'lose' | 'find'; readonly replica: number }
  | { readonly kind: 'burst' | 'flush' }
  | { readonly kind: 'settle'; readonly which: number; readonly billed: Billed };

const replica = fc.nat(REPLICAS - 1);
const anyStep = (...more: readonly ('flush' | 'lose')[]): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('reserve' as const), replica }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('burst' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('settle' as const),
        which: fc.nat(50),
        billed: fc.constantFrom<Billed>('yes', 'no', 'unknown'),
      }),
    },
    ...(more.includes('lose') ? [fc.record({ kind: fc.constantFrom<'lose' | 'find'>('lose', 'find'), replica })] : []),
    ...(more.includes('flush') ? [fc.record({ kind: fc.constant('flush' as const) })] : []),
  );

describeWithRedis('three replicas that reserve and settle in any order', () => {
  const redis = useRedis();

  async function run(budget: number, steps: readonly Step[]) {
    const clock = createTestClock(Date.UTC(2026, 0, 2, 12));
    const { booked, open } = createRedisLedgers(redis);
    const replicas = Array.from({ length: REPLICAS }, () => open({ dailyBudget: budget, sharers: REPLICAS, clock }));
    for (const { ledger } of replicas) await ledger.load();
    /** What each replica may spend alone, as long as it cannot ask. */
    const shares = replicas.map(() => 0);
    const spent = { billed: 0, unknown: 0, granted: 0, alone: 0, forgotten: 0 };
    /** Those that were reserved alone tell by whom. */
    const inFlight: { readonly reservation: Reservation; readonly aloneAt: number | undefined }[] = [];
    const total = () => spent.billed + spent.unknown + inFlight.length;
    const isAway = (index: number) => replicas[index]?.link.fault === 'away';

    async function reserve(index: number): Promise<void> {
      const aloneAt = isAway(index) ? index : undefined;
      const reservation = await replicas[index]?.ledger.reserve();
      if (!reservation) return;
      inFlight.push({ reservation, aloneAt });
      spent.granted += 1;
      if (aloneAt === undefined) return;
      spent.alone += 1;
      shares[index] = (shares[index] ?? 0) - 1;
      expect(shares[index], 'what is left of its share').toBeGreaterThanOrEqual(0);
    }

    /** Lets due settlements be taken: replies come in the order of the questions. */
    async function settleDue(): Promise<void> {
      clock.advanceMs(RESETTLE_MS);
      await redis.ask('PING');
      await settled();
    }

    async function take(step: Step): Promise<void> {
      switch (step.kind) {
        case 'reserve':
          return reserve(step.replica);
        case 'burst':
          await Promise.all(replicas.map((_, index) => reserve(index)));
          return;
        case 'settle': {
          const [call] = inFlight.splice(step.which % Math.max(1, inFlight.length), 1);
          if (!call) return;
          if (step.billed === 'yes') spent.billed += 1;
          if (step.billed === 'unknown') spent.unknown += 1;
          if (step.billed === 'no' && call.aloneAt !== undefined) {
            spent.alone -= 1;
            shares[call.aloneAt] = (shares[call.aloneAt] ?? 0) + 1;
          }
          return call.reservation.settle(step.billed);
        }
        case 'lose': {
          if (isAway(step.replica)) return;
          const lost = replicas[step.replica];
          if (lost) lost.link.fault = 'away';
          shares[step.replica] = Math.floor((budget - spentIn(lost?.ledger.today() ?? spentNothing)) / REPLICAS);
          return;
        }
        case 'find':
          if (!isAway(step.replica)) return;
          (replicas[step.replica] as (typeof replicas)[0]).link.fault = 'none';
          return settleDue();
        case 'flush': {
          const known = replicas.map(({ ledger }) => ledger.today());
          const most = (part: 'billed' | 'unknown') => Math.max(...known.map((each) => each[part]));
          spent.forgotten += total() - most('billed') - most('unknown');
          await redis.ask('FLUSHALL');
          for (const { ledger } of replicas) await ledger.load();
          await redis.ask('PING');
        }
      }
    }

    for (const step of steps) {
      await take(step);
      expect(total(), 'calls spent').toBeLessThanOrEqual(budget + spent.alone + spent.forgotten);
    }
    for (const { link } of replicas) link.fault = 'none';
    await settleDue();
    for (const { ledger } of replicas) await ledger.close();
    return { spent, open: inFlight.length, booked: await booked() };
  }

  const spentNothing = { billed: 0, unknown: 0, open: 0 };
  const budget = fc.integer({ min: 0, max: 12 });

  test('spend the budget and no call more while Redis is there, and the books are exact', async () => {
    const anySteps = fc.array(anyStep(), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(budget, anySteps, async (dailyBudget, steps) => {
        const { booked, open, spent } = await run(dailyBudget, steps);
        expect(booked).toEqual({ billed: spent.billed, unknown: spent.unknown, open });
      }),
      { numRuns: 60 },
    );
  });

  test('spend in an outage at most their shares of what was left, and the books are exact again afterwards', async () => {
    const anySteps = fc.array(anyStep('lose'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(budget, anySteps, async (dailyBudget, steps) => {
        const { booked, open, spent } = await run(dailyBudget, steps);
        expect(booked).toMatchObject({ billed: spent.billed, unknown: spent.unknown });
        // Calls that were reserved alone are booked when they end.
        expect(booked.open).toBeLessThanOrEqual(open);
      }),
      { numRuns: 100 },
    );
  });

  test('spend after a flush no more than the calls that no single one of them knew to be spent', async () => {
    const anySteps = fc.array(anyStep('flush'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(budget, anySteps, async (dailyBudget, steps) => {
        const { booked, open } = await run(dailyBudget, steps);
        expect(booked.open).toBeLessThanOrEqual(open);
        expect(Math.min(booked.billed, booked.unknown, booked.open)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 60 },
    );
  });
});
