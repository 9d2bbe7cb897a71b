import { describe, expect, test } from 'vitest';
import type { BalanceOutcome } from '../../../src/upstream/account/balance.ts';
import {
  type BalanceReading,
  type BalanceTurn,
  startBalanceReader,
  toldReading,
} from '../../../src/upstream/account/balance-reader.ts';
import { createTestClock } from '../../support/test-clock.ts';

const MINUTE_MS = 60_000;
const INTERVAL_MS = 10 * MINUTE_MS;
/** By how much the clock of the shared store is ahead. */
const OFFSET_MS = 5000;

const amountOf = (amount: string): BalanceOutcome => ({ kind: 'balance', balance: { amount, currency: 'CNY' } });
const UNREADABLE: BalanceOutcome = { kind: 'unreadable', reason: 'because' };
const REFUSED: BalanceOutcome = { kind: 'refused', reason: 'because' };

/** Lets everything happen that waits for nothing but its turn. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A store that other replicas use as well. */
function createStore() {
  const store = {
    turn: { isOurs: true, nextInMs: INTERVAL_MS, last: undefined } as BalanceTurn,
    isAway: false,
    shared: [] as BalanceReading[],
    tell: (_: BalanceReading) => {},
  };
  const reply = async <Value>(value: Value) => {
    if (store.isAway) throw new Error('the store is unavailable');
    return value;
  };
  return Object.assign(store, {
    takeTurn: () => reply(store.turn),
    share: (reading: BalanceReading) => reply(void store.shared.push(reading)),
    listen(listener: (reading: BalanceReading) => void) {
      store.tell = listener;
    },
    clockOffsetMs: () => OFFSET_MS,
  });
}

/** A reader whose reads end as the script says, the last line of it again and again. */
function start(script: readonly (BalanceOutcome | Promise<BalanceOutcome>)[], shared?: ReturnType<typeof createStore>) {
  const clock = createTestClock();
  const seen = { reads: 0, changes: [] as string[], storeErrors: [] as string[] };
  const reader = startBalanceReader({
    intervalMs: INTERVAL_MS,
    async read() {
      seen.reads += 1;
      return (await script[Math.min(seen.reads, script.length) - 1]) as BalanceOutcome;
    },
    shared,
    ...{ clock: clock.nowMs, steadyMs: clock.steadyMs, timers: clock.timers },
    onChange: ({ kind }) => seen.changes.push(kind),
    onStoreError: (error) => seen.storeErrors.push((error as Error).message),
  });
  return {
    reader,
    seen,
    clock,
    async advanceMs(ms: number) {
      clock.advanceMs(ms);
      await settled();
    },
  };
}

describe('the reader of the balance', () => {
  test('reads at the start and then once in each interval', async () => {
    const { reader, seen, clock, advanceMs } = start([amountOf('2'), amountOf('1')]);
    expect(reader.last).toBeUndefined();
    await settled();
    expect(reader.last).toEqual({ amount: '2', currency: 'CNY', readAtMs: clock.nowMs() });
    await advanceMs(INTERVAL_MS - 1);
    expect(seen.reads).toBe(1);
    await advanceMs(1);
    expect(reader.last).toEqual({ amount: '1', currency: 'CNY', readAtMs: clock.nowMs() });
    for (let turn = 0; turn < 5; turn += 1) await advanceMs(INTERVAL_MS);
    expect(seen).toMatchObject({ reads: 7, changes: ['balance'] });
  });

  test('keeps what it knows where a read fails, and tells a failure and its end once', async () => {
    const { reader, seen, clock, advanceMs } = start([
      ...[amountOf('2'), UNREADABLE, UNREADABLE, UNREADABLE, REFUSED, REFUSED, amountOf('1')],
    ]);
    await settled();
    const first = { amount: '2', currency: 'CNY', readAtMs: clock.nowMs() };
    for (let turn = 0; turn < 5; turn += 1) {
      await advanceMs(INTERVAL_MS);
      expect(reader.last).toEqual(first);
    }
    await advanceMs(INTERVAL_MS);
    expect(reader.last).toEqual({ amount: '1', currency: 'CNY', readAtMs: clock.nowMs() });
    expect(seen).toMatchObject({ reads: 7, changes: ['balance', 'unreadable', 'refused', 'balance'] });
  });

  test('goes by the steady clock, and takes a new reading also when the clock was set back', async () => {
    const { reader, seen, clock, advanceMs } = start([amountOf('2'), amountOf('1')]);
    await settled();
    clock.setByMs(-24 * 60 * MINUTE_MS);
    await advanceMs(INTERVAL_MS);
    expect([seen.reads, reader.last?.amount]).toEqual([2, '1']);
  });

  test('never has two reads open: a slow one puts the next off', async () => {
    const slow = Promise.withResolvers<BalanceOutcome>();
    const { reader, seen, clock, advanceMs } = start([slow.promise, amountOf('1')]);
    await advanceMs(3 * INTERVAL_MS);
    expect([seen.reads, clock.pending]).toEqual([1, 0]);
    slow.resolve(amountOf('2'));
    await settled();
    expect(reader.last?.amount).toBe('2');
    await advanceMs(0);
    expect([seen.reads, reader.last?.amount]).toEqual([2, '1']);
  });

  test('stops: no timer is left, and what an open read brings is ignored', async () => {
    const slow = Promise.withResolvers<BalanceOutcome>();
    const { reader, seen, clock, advanceMs } = start([amountOf('2'), slow.promise]);
    await settled();
    await advanceMs(INTERVAL_MS);
    reader.stop();
    slow.resolve(amountOf('1'));
    await settled();
    expect(clock.pending).toBe(0);
    await advanceMs(5 * INTERVAL_MS);
    expect([seen.reads, reader.last?.amount]).toEqual([2, '2']);
  });

  test('forgets the balance of another token, and reads at once', async () => {
    const old = Promise.withResolvers<BalanceOutcome>();
    const { reader, seen, clock, advanceMs } = start([amountOf('9'), old.promise, amountOf('1')]);
    await settled();
    await advanceMs(INTERVAL_MS);
    reader.restart();
    expect(reader.last).toBeUndefined();
    old.resolve(amountOf('8'));
    await settled();
    expect([seen.reads, reader.last?.amount, clock.pending]).toEqual([3, '1', 1]);
  });

  test('tells a reading with its time as operators read it', () => {
    const told = toldReading({ amount: '1.50', currency: 'CNY', readAtMs: Date.UTC(2026, 8, 1) });
    expect(told).toEqual({ amount: '1.50', currency: 'CNY', readAt: '2026-09-01T00:00:00.000Z' });
  });
});

describe('over a store that others share, the reader', () => {
  test('reads in its own turns only, and shows what the others read', async () => {
    const store = createStore();
    const theirs = { amount: '7', currency: 'CNY', readAtMs: 5 };
    store.turn = { isOurs: false, nextInMs: 1000, last: theirs };
    const { reader, seen, clock, advanceMs } = start([amountOf('1')], store);
    await settled();
    expect([seen.reads, reader.last]).toEqual([0, theirs]);
    store.tell({ ...theirs, amount: '6', readAtMs: 6 });
    expect(reader.last?.amount).toBe('6');
    store.turn = { isOurs: true, nextInMs: INTERVAL_MS, last: theirs };
    await advanceMs(1000);
    const ours = { amount: '1', currency: 'CNY', readAtMs: clock.nowMs() + OFFSET_MS };
    expect([seen.reads, reader.last, store.shared]).toEqual([1, ours, [ours]]);
  });

  test('does not go back to an older reading', async () => {
    const store = createStore();
    const { reader, advanceMs } = start([amountOf('2')], store);
    await settled();
    store.turn = { isOurs: false, nextInMs: 1000, last: { amount: '3', currency: 'CNY', readAtMs: 1 } };
    await advanceMs(INTERVAL_MS);
    expect(reader.last?.amount).toBe('2');
  });

  test('does not read while the store is unavailable, keeps what it knows, and looks again after a minute', async () => {
    const store = createStore();
    const { reader, seen, advanceMs } = start([amountOf('2'), amountOf('1')], store);
    await settled();
    store.isAway = true;
    await advanceMs(INTERVAL_MS);
    await advanceMs(MINUTE_MS);
    expect(seen).toMatchObject({ reads: 1, storeErrors: ['the store is unavailable', 'the store is unavailable'] });
    expect(reader.last?.amount).toBe('2');
    store.isAway = false;
    await advanceMs(MINUTE_MS);
    expect([seen.reads, reader.last?.amount]).toEqual([2, '1']);
  });

  test('keeps a reading that the store did not take', async () => {
    const store = createStore();
    const slow = Promise.withResolvers<BalanceOutcome>();
    const { reader, seen } = start([slow.promise], store);
    await settled();
    store.isAway = true;
    slow.resolve(amountOf('1'));
    await settled();
    expect([reader.last?.amount, seen.storeErrors, seen.changes]).toEqual([
      '1',
      ['the store is unavailable'],
      ['balance'],
    ]);
  });

  test('says nothing of a store that goes away after the stop', async () => {
    const store = createStore();
    const { reader, seen, clock } = start([amountOf('1')], store);
    store.isAway = true;
    reader.stop();
    await settled();
    expect([seen.storeErrors, clock.pending]).toEqual([[], 0]);
  });
});
