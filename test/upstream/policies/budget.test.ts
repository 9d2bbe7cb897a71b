import { expect, test } from 'vitest';
import type { LinkIndexSource } from '../../../src/domain/link-index.ts';
import { createClientLedgers } from '../../../src/upstream/ledger/ledger.ts';
import { createMemoryLedger } from '../../../src/upstream/ledger/memory-ledger.ts';
import { spendWithinBudget } from '../../../src/upstream/policies/budget.ts';
import { createHeldSource, createScriptedSource, keyOf, settled } from '../../model/held-source.ts';
import { type Reply, wordOf } from '../../model/paid-outcomes.ts';
import { createRequester } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { UTC_DAYS } from '../../support/utc-days.ts';

const KEY = keyOf('7');

function setUp(sourceOf: (clock: () => number) => LinkIndexSource, dailyBudget?: number) {
  const { nowMs } = createTestClock();
  const ledger = createMemoryLedger({ dailyBudget, days: UTC_DAYS, clock: nowMs });
  const clients = createClientLedgers(() =>
    createMemoryLedger({ dailyBudget: undefined, days: UTC_DAYS, clock: nowMs }),
  );
  const source = sourceOf(nowMs);
  const budgeted = spendWithinBudget({ ledger, clients, clock: nowMs })(source);
  const requester = createRequester();
  return { ledger, requester, read: () => budgeted.read(KEY, { acceptCache: true, requester }) };
}

test.each<[Reply, { billed: number; unknown: number }]>([
  [0, { billed: 1, unknown: 0 }],
  [201, { billed: 1, unknown: 0 }],
  ['unusable-answer', { billed: 1, unknown: 0 }],
  ['bad-response', { billed: 0, unknown: 1 }],
  ['outcome-unknown', { billed: 0, unknown: 1 }],
  ['unreachable', { billed: 0, unknown: 0 }],
  [100, { billed: 0, unknown: 0 }],
  [301, { billed: 0, unknown: 0 }],
  [302, { billed: 0, unknown: 0 }],
  [400, { billed: 0, unknown: 0 }],
  [500, { billed: 0, unknown: 0 }],
])('%s is booked as %j, and the requester told of what was billed', async (reply, booked) => {
  const { ledger, read, requester } = setUp((clock) => createScriptedSource(clock, reply));
  await read();
  expect(ledger.today()).toMatchObject({ ...booked, open: 0 });
  expect(requester.billedCalls).toBe(booked.billed);
});

test('a call is reserved before it is sent, and settled before anyone is answered', async () => {
  const held = createHeldSource(createTestClock().nowMs);
  const { ledger, read } = setUp(() => held);
  const answered = read().then(() => ledger.today());
  await settled();
  expect(ledger.today()).toMatchObject({ billed: 0, open: 1 });
  await held.end(0, 0);
  expect(await answered).toMatchObject({ billed: 1, open: 0 });
});

test('without a budget left nothing is asked, until the next UTC day', async () => {
  const { ledger, read, requester } = setUp((clock) => createScriptedSource(clock, 0), 1);
  expect(wordOf(await read())).toBe('FRESH');
  const refused = await read();
  expect(refused).toMatchObject({
    error: { code: 'BUDGET_EXHAUSTED', verdict: { billed: 'no', wasAttempted: false } },
  });
  // From 03:04:05.678 to midnight.
  expect(refused.kind === 'failure' && refused.error.retryAfterSeconds).toBe(75_355);
  expect([ledger.today().billed, requester.billedCalls]).toEqual([1, 1]);
});

test('a fault of ours after sending is booked as unknown', async () => {
  const { ledger, read } = setUp(() => ({ read: () => Promise.reject(new Error('a fault of ours')) }));
  await expect(read()).rejects.toThrow('a fault of ours');
  expect(ledger.today()).toMatchObject({ billed: 0, unknown: 1, open: 0 });
});
