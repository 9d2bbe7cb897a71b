import { describe, expect, test } from 'vitest';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { createClientLedgers } from '../../src/upstream/ledger/ledger.ts';
import { createMemoryLedger } from '../../src/upstream/ledger/memory-ledger.ts';
import { createPipeline, type PipelineOptions } from '../../src/upstream/pipeline.ts';
import { createHeldSource, keyOf, settled } from '../model/held-source.ts';
import { type Reply, wordOf } from '../model/paid-outcomes.ts';
import { CACHED } from '../support/requester.ts';
import { createTestClock } from '../support/test-clock.ts';
import { UTC_DAYS } from '../support/utc-days.ts';

type Limits = Partial<
  Pick<PipelineOptions, 'maxAttempts' | 'maxConcurrent' | 'maxPerSecond' | 'maxQueued' | 'hasBreakers' | 'random'>
>;

function setUp({ dailyBudget, ...limits }: Limits & { readonly dailyBudget?: number } = {}) {
  const clock = createTestClock();
  const source = createHeldSource(clock.nowMs);
  const ledger = createMemoryLedger({ dailyBudget, days: UTC_DAYS, clock: clock.nowMs });
  const clients = createClientLedgers(() =>
    createMemoryLedger({ dailyBudget: undefined, days: UTC_DAYS, clock: clock.nowMs }),
  );
  const pipeline = createPipeline({
    ...{ source, ledger, clients, maxAttempts: 3, maxConcurrent: 32, maxPerSecond: undefined, maxQueued: 1000 },
    ...{ hasBreakers: true, clock: clock.nowMs, timers: clock.timers, random: () => 0, ...limits },
  });
  const outcomes: LinkIndexOutcome[] = [];
  return {
    clock,
    source,
    ledger,
    clients,
    pipeline,
    outcomes,
    words: () => outcomes.map(wordOf),
    read(kolId = '7') {
      pipeline.read(keyOf(kolId), CACHED).then((outcome) => outcomes.push(outcome));
      return settled();
    },
    /** Ends every open call like this, and those that follow from it. */
    async endAll(reply: Reply) {
      for (let index = 0; index < source.calls.length; index += 1) await source.end(index, reply);
    },
  };
}

describe('what an open breaker costs', () => {
  test('the call that opens it is not repeated, and the next are refused unasked and unbooked', async () => {
    const { ledger, read, source, words } = setUp();
    await read();
    await source.end(0, 100);
    await read();
    expect(words()).toEqual(['UPSTREAM_TOKEN_INVALID', 'UPSTREAM_PAUSED']);
    expect(source.calls).toHaveLength(1);
    expect(ledger.today()).toMatchObject({ billed: 0, unknown: 0, open: 0 });
  });

  test('those who wait for a slot are refused as it opens', async () => {
    const { clock, read, source, words } = setUp({ maxConcurrent: 1 });
    await read('a');
    await read('b');
    await source.end(0, 601);
    expect(words().sort()).toEqual(['UPSTREAM_BALANCE_INSUFFICIENT', 'UPSTREAM_PAUSED']);
    expect(source.calls).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('a repetition that it meets ends with what it refuses', async () => {
    const { clock, outcomes, read, source } = setUp({ random: () => 1 });
    await read('a');
    await read('b');
    await source.end(0, 301);
    await source.end(1, 600);
    clock.advanceMs(500);
    await settled();
    expect(outcomes[1]).toMatchObject({
      error: { code: 'UPSTREAM_PAUSED', pausedBy: 'UPSTREAM_PERMISSION_DENIED', retryAfterSeconds: 30 },
    });
    expect(source.calls).toHaveLength(2);
  });

  test('half-open, one call goes through and the others are refused, those who wait as well', async () => {
    const { clock, read, pipeline, source, words } = setUp();
    await read();
    await source.end(0, 303);
    clock.advanceMs(900_000);
    expect(pipeline.refusal()).toBeUndefined();
    for (const kolId of ['a', 'b', 'c']) await read(kolId);
    expect(source.calls).toHaveLength(2);
    expect(words().slice(1)).toEqual(['UPSTREAM_PAUSED', 'UPSTREAM_PAUSED']);
    await source.end(1, 0);
    expect(words()[3]).toBe('FRESH');
    expect(pipeline.refusal()).toBeUndefined();
  });

  test('a new token lets the next call through at once', async () => {
    const { read, pipeline, source, words } = setUp();
    await read();
    await source.end(0, 100);
    pipeline.forgiveAccount();
    await read();
    await source.end(1, 0);
    expect(words()).toEqual(['UPSTREAM_TOKEN_INVALID', 'FRESH']);
  });

  test('20 failing calls open the upstream breaker', async () => {
    const { read, pipeline, source } = setUp({ maxAttempts: 1 });
    for (let each = 0; each < 20; each += 1) {
      await read();
      await source.end(each, 'outcome-unknown');
    }
    expect(pipeline.refusal()).toMatchObject({ code: 'UPSTREAM_PAUSED', pausedBy: 'UPSTREAM_OUTCOME_UNKNOWN' });
  });

  test('in sandbox mode there are none', async () => {
    const { read, pipeline, source, words } = setUp({ hasBreakers: false });
    for (const [index, code] of [100, 303, 600].entries()) {
      await read();
      await source.end(index, code);
    }
    await read();
    await source.end(3, 0);
    expect(words()[3]).toBe('FRESH');
    expect(pipeline.refusal()).toBeUndefined();
  });
});

describe('repeating', () => {
  test('each attempt is booked', async () => {
    const { ledger, read, source, words } = setUp();
    await read();
    await source.end(0, 301);
    expect(ledger.today()).toMatchObject({ billed: 0, unknown: 0, open: 1 });
    await source.end(1, 'outcome-unknown');
    expect(words()).toEqual(['UPSTREAM_OUTCOME_UNKNOWN']);
    expect(ledger.today()).toMatchObject({ billed: 0, unknown: 1, open: 0 });
  });

  test('a rate limit of up to 10 s is waited for by everybody, a longer one is told', async () => {
    const { clock, outcomes, read, source, words } = setUp();
    await read('a');
    await source.end(0, 302, { retryAfterSeconds: 10 });
    await read('b');
    clock.advanceMs(9999);
    expect(source.calls).toHaveLength(1);
    clock.advanceMs(1);
    await settled();
    expect(source.calls.map(({ key }) => key.kolId)).toEqual(['a', 'a']);
    clock.advanceMs(200);
    await settled();
    expect(source.calls.map(({ key }) => key.kolId)).toEqual(['a', 'a', 'b']);
    await source.end(1, 302, { retryAfterSeconds: 11 });
    expect(outcomes).toMatchObject([{ error: { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 11 } }]);
    await source.end(2, 0);
    expect(words()).toEqual(['UPSTREAM_RATE_LIMITED', 'FRESH']);
  });

  test('the slot is free while a call waits to be repeated', async () => {
    const { clock, read, source } = setUp({ maxConcurrent: 1, random: () => 1 });
    await read('a');
    await source.end(0, 301);
    await read('b');
    expect(source.calls).toHaveLength(2);
    clock.advanceMs(500);
    await source.end(1, 0);
    expect(source.calls.map(({ key }) => key.kolId)).toEqual(['a', 'b', 'a']);
  });

  test('what was never asked does not raise the retry budget', async () => {
    const { endAll, read, source } = setUp({ maxConcurrent: 30, maxQueued: 0, maxAttempts: 3 });
    for (let each = 0; each < 30; each += 1) await read(`${each}`);
    for (let each = 0; each < 1000; each += 1) await read(`shed ${each}`);
    await endAll(500);
    expect(source.calls.length).toBeLessThanOrEqual(30 + 10);
  });
});

describe('the budget', () => {
  test('is never exceeded by a burst, and says when the next day begins', async () => {
    const { endAll, ledger, outcomes, read, source } = setUp({ dailyBudget: 3 });
    for (let each = 0; each < 10; each += 1) await read(`${each}`);
    expect(source.calls).toHaveLength(3);
    await endAll(0);
    expect(ledger.today()).toMatchObject({ billed: 3, open: 0 });
    expect(outcomes.filter(({ kind }) => kind === 'failure')).toHaveLength(7);
    expect(outcomes[0]).toMatchObject({ error: { code: 'BUDGET_EXHAUSTED', retryAfterSeconds: 75_355 } });
  });

  test('refuses those who wait for a slot as it is used up', async () => {
    const { clock, read, source, words } = setUp({ dailyBudget: 1, maxConcurrent: 1 });
    await read('a');
    expect(words()).toEqual([]);
    await read('b');
    await source.end(0, 0);
    expect(words().sort()).toEqual(['BUDGET_EXHAUSTED', 'FRESH']);
    expect(clock.pending).toBe(0);
  });

  test('of 0 buys nothing', async () => {
    const { read, pipeline, source, words } = setUp({ dailyBudget: 0 });
    await read();
    expect(words()).toEqual(['BUDGET_EXHAUSTED']);
    expect(pipeline.refusal()?.code).toBe('BUDGET_EXHAUSTED');
    expect(source.calls).toHaveLength(0);
  });

  test('is there again on the next day', async () => {
    const { clock, read, source, words } = setUp({ dailyBudget: 1 });
    await read();
    await source.end(0, 0);
    clock.advanceMs(86_400_000);
    await read();
    await source.end(1, 0);
    expect(words()).toEqual(['FRESH', 'FRESH']);
  });
});

describe('stopping', () => {
  test('refuses what waits and what comes, and lets finish what is in flight', async () => {
    const { clock, read, pipeline, source, words } = setUp({ maxConcurrent: 1 });
    await read('a');
    await read('b');
    pipeline.stop();
    await read('c');
    expect(words()).toEqual(['UPSTREAM_OVERLOADED', 'UPSTREAM_OVERLOADED']);
    await source.end(0, 0);
    expect(words()[2]).toBe('FRESH');
    expect(clock.pending).toBe(0);
  });

  test('starts no repetition', async () => {
    const { clock, read, pipeline, source, words } = setUp({ random: () => 1 });
    await read();
    pipeline.stop();
    await source.end(0, 301);
    clock.advanceMs(500);
    await settled();
    expect(source.calls).toHaveLength(1);
    expect(words()).toEqual(['UPSTREAM_OVERLOADED']);
  });

  test('refuses those whom the pacing holds back', async () => {
    const { clock, read, pipeline, words } = setUp({ maxPerSecond: 1 });
    for (const kolId of ['a', 'b', 'c', 'd']) await read(kolId);
    pipeline.stop();
    await settled();
    expect(words().length).toBeGreaterThanOrEqual(2);
    expect(new Set(words())).toEqual(new Set(['UPSTREAM_OVERLOADED']));
    expect(clock.pending).toBe(0);
  });
});
