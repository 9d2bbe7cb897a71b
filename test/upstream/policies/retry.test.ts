import { describe, expect, test } from 'vitest';
import { createRetryBudget, retry } from '../../../src/upstream/policies/retry.ts';
import { createScriptedSource, keyOf, type Scripted, settled } from '../../model/held-source.ts';
import { type Reply, wordOf } from '../../model/paid-outcomes.ts';
import { CACHED } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';

const KEY = keyOf('7');

interface Setting {
  readonly maxAttempts?: number;
  readonly jitter?: number;
}

function setUp(script: readonly (Reply | Scripted)[], { maxAttempts = 3, jitter = 0 }: Setting = {}) {
  const clock = createTestClock();
  const source = createScriptedSource(clock.nowMs, ...script);
  const budget = createRetryBudget(clock.nowMs);
  const stopping = new AbortController();
  const { timers } = clock;
  const retrying = retry({ maxAttempts, budget, timers, stopping: stopping.signal, random: () => jitter })(source);
  return { clock, stopping, calls: source.calls, budget, read: async () => wordOf(await retrying.read(KEY, CACHED)) };
}

describe('what is repeated', () => {
  test.each<Reply>([301, 500, 503, 'unreachable'])('%s, up to the number of attempts', async (reply) => {
    for (const maxAttempts of [1, 2, 3, 5]) {
      const { calls, read } = setUp([reply], { maxAttempts });
      expect(await read()).toMatch(/^UPSTREAM_/);
      expect(calls).toHaveLength(maxAttempts);
    }
  });

  test.each<Reply>([
    0,
    201,
    100,
    300,
    303,
    400,
    404,
    600,
    601,
    602,
    'outcome-unknown',
    'bad-response',
    'unusable-answer',
  ])('%s never is', async (reply) => {
    const { calls, clock, read } = setUp([reply]);
    await read();
    expect(calls).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('until something else comes', async () => {
    const { calls, read } = setUp([301, 500, 201]);
    expect(await read()).toBe('no-data');
    expect(calls).toHaveLength(3);
    const unknown = setUp([301, 'outcome-unknown', 0]);
    expect(await unknown.read()).toBe('UPSTREAM_OUTCOME_UNKNOWN');
    expect(unknown.calls).toHaveLength(2);
  });

  test('with the same options each time, and the number of the attempt', async () => {
    const { calls, read } = setUp([301, 0]);
    await read();
    expect(calls.map(({ options }) => options)).toEqual([
      { ...CACHED, attempt: 1 },
      { ...CACHED, attempt: 2 },
    ]);
  });
});

describe('how long it waits', () => {
  test.each([
    [0, [0, 0, 0, 0, 0, 0, 0]],
    [0.5, [250, 500, 1000, 2000, 4000, 5000, 5000]],
    [1, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]],
  ])('full jitter that draws %d: %j ms', async (jitter, waitsMs) => {
    const { calls, clock, read } = setUp([301], { maxAttempts: waitsMs.length + 1, jitter });
    const end = read();
    for (const [index, waitMs] of waitsMs.entries()) {
      await settled();
      if (waitMs > 0) {
        expect(calls).toHaveLength(index + 1);
        clock.advanceMs(waitMs - 1);
        await settled();
        expect(calls).toHaveLength(index + 1);
        clock.advanceMs(1);
      }
    }
    await end;
    expect(calls).toHaveLength(waitsMs.length + 1);
    expect(clock.pending).toBe(0);
  });

  test.each([
    [0, 2],
    [10, 2],
    [11, 1],
    [3600, 1],
  ])('a rate limit of %i s leads to %i attempts', async (retryAfterSeconds, attempts) => {
    const { calls, read } = setUp([{ reply: 302, retryAfterSeconds }, 0]);
    expect(await read()).toBe(attempts === 2 ? 'FRESH' : 'UPSTREAM_RATE_LIMITED');
    expect(calls).toHaveLength(attempts);
  });

  test('a rate limit counts among the attempts', async () => {
    const { calls, read } = setUp([{ reply: 302, retryAfterSeconds: 1 }]);
    expect(await read()).toBe('UPSTREAM_RATE_LIMITED');
    expect(calls).toHaveLength(3);
  });
});

describe('the retry budget', () => {
  test.each<Reply>([500, 503, 'unreachable'])('ends the repetition of %s when it is used up', async (reply) => {
    const { budget, calls, read } = setUp([reply]);
    while (budget.take());
    await read();
    expect(calls).toHaveLength(1);
  });

  test.each<Reply>([301, 302])('does not hold for %s', async (reply) => {
    const { budget, calls, read } = setUp([reply, 0]);
    while (budget.take());
    expect(await read()).toBe('FRESH');
    expect(calls).toHaveLength(2);
  });

  test('is not touched by 301', async () => {
    const { budget, read } = setUp([301]);
    for (let each = 0; each < 50; each += 1) await read();
    expect(budget.take()).toBe(true);
  });

  test('bounds what many calls together repeat', async () => {
    const { calls, read } = setUp([500]);
    for (let each = 0; each < 50; each += 1) await read();
    expect(calls).toHaveLength(50 + 10);
  });
});

test('a backoff ends when the gateway stops', async () => {
  const { calls, clock, read, stopping } = setUp([301, 0], { jitter: 1 });
  const reading = read();
  await expect.poll(() => clock.pending).toBe(1);
  stopping.abort();
  await reading;
  expect(calls).toHaveLength(2);
  expect(clock.pending).toBe(0);
});
