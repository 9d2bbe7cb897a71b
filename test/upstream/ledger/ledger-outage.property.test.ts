import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Billed } from '../../../src/domain/verdicts.ts';
import { createRedisSpendingStore } from '../../../src/stores/redis/spending.ts';
import { createSqliteSpendingStore } from '../../../src/stores/sqlite/sqlite-spending.ts';
import { type Reservation, spentIn } from '../../../src/upstream/ledger/ledger.ts';
import type { SpendingStore } from '../../../src/upstream/ledger/spending-store.ts';
import { createStoredLedger } from '../../../src/upstream/ledger/stored-ledger.ts';
import { createFaultySpendingStore, type SpendingStoreFault } from '../../support/faulty-spending-store.ts';
import { booked, LEDGER_SCOPE, openLedger } from '../../support/ledger-contract.ts';
import { onDay } from '../../support/redis-ledgers.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';
import { UTC_DAYS, utcDayOf } from '../../support/utc-days.ts';

const START_MS = Date.UTC(2026, 0, 2, 20);
const RETRY_MS = 1000;

type Step =
  | { readonly kind: 'reserve'; readonly count: number }
  | { readonly kind: 'settle'; readonly which: number; readonly count: number; readonly billed: Billed }
  | { readonly kind: 'fail'; readonly fault: SpendingStoreFault }
  | { readonly kind: 'release' }
  | { readonly kind: 'advance'; readonly ms: number };

const anyStep = (faults: readonly SpendingStoreFault[]): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('reserve' as const), count: fc.integer({ min: 1, max: 6 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('settle' as const),
        which: fc.nat(50),
        count: fc.integer({ min: 1, max: 4 }),
        billed: fc.constantFrom<Billed>('yes', 'no', 'unknown'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), fault: fc.constantFrom(...faults) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(RETRY_MS, 3 * 3_600_000) }),
    },
  );

interface StoreUnderTest {
  readonly spendingStore: SpendingStore;
  readonly settledOn: (day: string) => Promise<unknown>;
}

/** Lets the steps happen to a ledger, then lets every call end and the store be back. */
async function run(
  open: (clock: TestClock) => StoreUnderTest,
  dailyBudget: number | undefined,
  steps: readonly Step[],
) {
  const clock = createTestClock(START_MS);
  const { spendingStore: stored, settledOn } = open(clock);
  const spendingStore = createFaultySpendingStore(stored);
  const ledger = createStoredLedger({
    spendingStore,
    dailyBudget,
    days: UTC_DAYS,
    clock: clock.nowMs,
    timers: clock.timers,
  });
  await ledger.load();
  const spent = new Map<string, { billed: number; unknown: number }>();
  const inFlight: { readonly reservation: Reservation; readonly day: string }[] = [];
  const spentOn = (day: string) => spent.get(day) ?? { billed: 0, unknown: 0 };

  /** What waits for a store that is late goes on after its 50 ms. */
  async function ended<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    promise.then(end, end);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return promise;
      if (spendingStore.fault === 'late') clock.advanceMs(10);
    }
  }

  async function reserve(): Promise<void> {
    const day = utcDayOf(clock.nowMs());
    const reservation = await ended(ledger.reserve());
    if (!reservation) return;
    inFlight.push({ reservation, day });
    const open = inFlight.filter((call) => call.day === day).length;
    if (dailyBudget !== undefined) expect(spentIn({ ...spentOn(day), open })).toBeLessThanOrEqual(dailyBudget);
  }

  function settle(which: number, billed: Billed): Promise<void> {
    const [call] = inFlight.splice(which % Math.max(1, inFlight.length), 1);
    if (!call) return Promise.resolve();
    const { billed: wasBilled, unknown } = spentOn(call.day);
    spent.set(call.day, {
      billed: wasBilled + Number(billed === 'yes'),
      unknown: unknown + Number(billed === 'unknown'),
    });
    return ended(call.reservation.settle(billed));
  }

  const times = <Value>(count: number, each: () => Promise<Value>) => Promise.all(Array.from({ length: count }, each));

  for (const step of steps) {
    if (step.kind === 'reserve') await times(step.count, reserve);
    else if (step.kind === 'settle') await times(step.count, () => settle(step.which, step.billed));
    else if (step.kind === 'advance') clock.advanceMs(step.ms);
    else {
      spendingStore.release();
      if (step.kind === 'fail') spendingStore.fault = step.fault;
    }
  }
  const left = inFlight.length;
  await times(left, () => settle(0, 'unknown'));
  spendingStore.release();
  // What was reserved too late is given back when the store says so.
  while (spendingStore.underWay > 0) await new Promise((resolve) => setImmediate(resolve));
  await ended(ledger.close());
  for (const [day, { billed, unknown }] of spent) expect(await settledOn(day)).toEqual({ billed, unknown, open: 0 });
}

const budget = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });

async function expectSettledOnce(faults: readonly SpendingStoreFault[], open: (clock: TestClock) => StoreUnderTest) {
  await fc.assert(
    fc.asyncProperty(budget, fc.array(anyStep(faults), { maxLength: 40 }), (dailyBudget, steps) =>
      run(open, dailyBudget, steps),
    ),
    { numRuns: 200 },
  );
}

test('a SQLite store that refuses or is late at random has booked every call once in the end', async () => {
  const { file, path } = openLedger();
  let runs = 0;
  await expectSettledOnce(['refuses', 'late'], (clock) => {
    runs += 1;
    const scope = `${LEDGER_SCOPE} ${runs}`;
    return {
      spendingStore: createSqliteSpendingStore({ file, scope, settleAbandoned: async () => {}, clock: clock.nowMs }),
      settledOn: async (day) => booked(path, day, scope),
    };
  });
});

describeWithRedis('a Redis store', () => {
  const redis = useRedis();

  test('that refuses, is late or loses replies at random has booked every call once in the end', async () => {
    await expectSettledOnce(['refuses', 'late', 'loses-replies'], (clock) => {
      const keys = redis.newKeys();
      const spendingStoreOver = (serverNowMs: () => number) =>
        createRedisSpendingStore({ link: redis.newLink(serverNowMs), keys, client: undefined, owner: 'replica' });
      return {
        spendingStore: spendingStoreOver(clock.nowMs),
        settledOn: async (day) => (await spendingStoreOver(() => 1).today(onDay(day))).spending,
      };
    });
  });
});
