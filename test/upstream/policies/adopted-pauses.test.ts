import { describe, expect, test } from 'vitest';
import { createClientLedgers } from '../../../src/upstream/ledger/ledger.ts';
import { createMemoryLedger } from '../../../src/upstream/ledger/memory-ledger.ts';
import { createPipeline } from '../../../src/upstream/pipeline.ts';
import { createBreaker, type Pause } from '../../../src/upstream/policies/breaker.ts';
import { createBreakers, type SharedPauses } from '../../../src/upstream/policies/breakers.ts';
import { createHeldSource, keyOf, settled } from '../../model/held-source.ts';
import { outcomeOf, type Reply, wordOf } from '../../model/paid-outcomes.ts';
import { CACHED } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { UTC_DAYS } from '../../support/utc-days.ts';

const FIRST_PAUSE_MS = 30_000;

describe('a breaker', () => {
  function setUp() {
    const clock = createTestClock();
    const changes: (Pause | undefined)[] = [];
    const breaker = createBreaker({
      ...{ firstPauseMs: FIRST_PAUSE_MS, maxPauseMs: 100_000, clock: clock.nowMs },
      onChange: (pause) => changes.push(pause),
    });
    const pauseOf = (ms: number): Pause => ({
      ...{ openedBy: 'UPSTREAM_BALANCE_INSUFFICIENT', leftMs: ms, pauseMs: 60_000 },
    });
    return { clock, breaker, changes, pauseOf };
  }

  test('opens as another replica’s did, and probes when its pause is over', () => {
    const { breaker, clock, pauseOf } = setUp();
    breaker.adopt(pauseOf(10_000));
    expect(breaker.refusal()).toMatchObject({ pausedBy: 'UPSTREAM_BALANCE_INSUFFICIENT', retryAfterSeconds: 10 });
    clock.advanceMs(10_000);
    expect(breaker.refusal()).toBeUndefined();
    breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
    expect(breaker.refusal(), 'a failed probe doubles the pause of the other').toMatchObject({
      retryAfterSeconds: 100,
    });
  });

  test('closes when another replica’s did', () => {
    const { breaker, pauseOf } = setUp();
    breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
    breaker.adopt(undefined);
    expect([breaker.isOpen(), breaker.refusal()]).toEqual([false, undefined]);
    breaker.adopt(pauseOf(10_000));
    breaker.adopt(undefined);
    expect(breaker.isOpen()).toBe(false);
  });

  test('is not opened by a pause that is over', () => {
    const { breaker, pauseOf } = setUp();
    for (const ms of [0, -1]) breaker.adopt(pauseOf(ms));
    expect(breaker.isOpen()).toBe(false);
  });

  test('keeps the longer of two pauses', () => {
    const { breaker, pauseOf } = setUp();
    breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
    breaker.adopt(pauseOf(FIRST_PAUSE_MS - 1));
    expect(breaker.refusal()).toMatchObject({ pausedBy: 'UPSTREAM_TOKEN_INVALID', retryAfterSeconds: 30 });
    breaker.adopt(pauseOf(FIRST_PAUSE_MS + 10_000));
    expect(breaker.refusal()).toMatchObject({ pausedBy: 'UPSTREAM_BALANCE_INSUFFICIENT', retryAfterSeconds: 40 });
  });

  test.each([true, false])('with a probe under way waits for what that tells (the other opened: %s)', (isOpened) => {
    const { breaker, clock, pauseOf } = setUp();
    breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
    clock.advanceMs(FIRST_PAUSE_MS);
    const probe = breaker.enter();
    breaker.adopt(isOpened ? pauseOf(90_000) : undefined);
    expect(breaker.refusal()).toMatchObject({ pausedBy: 'UPSTREAM_TOKEN_INVALID', retryAfterSeconds: 5 });
    probe.leave('good');
    expect(breaker.isOpen()).toBe(false);
  });

  test('tells what its own attempts opened and closed, and nothing of what it was told', () => {
    const { breaker, changes, clock, pauseOf } = setUp();
    breaker.adopt(pauseOf(10_000));
    breaker.adopt(undefined);
    breaker.close();
    expect(changes).toEqual([]);
    breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
    clock.advanceMs(FIRST_PAUSE_MS);
    breaker.enter().leave('good');
    expect(changes).toEqual([
      { openedBy: 'UPSTREAM_TOKEN_INVALID', leftMs: FIRST_PAUSE_MS, pauseMs: FIRST_PAUSE_MS },
      undefined,
    ]);
  });
});

describe('breakers', () => {
  test.each([
    [100, 'account', 30_000, 'UPSTREAM_TOKEN_INVALID'],
    [600, 'endpoint', 30_000, 'UPSTREAM_PERMISSION_DENIED'],
    [303, 'quota', 900_000, 'UPSTREAM_QUOTA_EXCEEDED'],
  ] as const)('tell code %i of their %s, so that others need not ask', async (reply, name, pauseMs, openedBy) => {
    const clock = createTestClock();
    const told: unknown[] = [];
    const breakers = createBreakers({ clock: clock.nowMs, onChange: (...change) => told.push(change) });
    const others = createBreakers({ clock: clock.nowMs });
    const attempt = (each: Reply) =>
      breakers.policy({ read: async () => outcomeOf(each, clock.nowMs()) }).read(keyOf('7'), CACHED);
    await attempt(reply);
    const pause = { openedBy, leftMs: pauseMs, pauseMs };
    expect(told).toEqual([[name, pause]]);
    others.adopt(name, pause);
    expect(others.openNames()).toEqual([name]);
    expect(others.refusal()).toEqual(breakers.refusal());
    clock.advanceMs(pauseMs);
    await attempt(0);
    expect(told.at(-1)).toEqual([name, undefined]);
  });
});

test('what another replica tells refuses also those who wait for their turn', async () => {
  const clock = createTestClock();
  const source = createHeldSource(clock.nowMs);
  let listener: Parameters<SharedPauses['listen']>[0] = () => {};
  const pauses: SharedPauses = {
    tell() {},
    listen(each) {
      listener = each;
    },
  };
  const ledger = createMemoryLedger({ dailyBudget: undefined, days: UTC_DAYS, clock: clock.nowMs });
  const pipeline = createPipeline({
    ...{ source, ledger, clients: createClientLedgers(() => ledger), pauses, hasBreakers: true },
    ...{ maxAttempts: 1, maxConcurrent: 1, maxPerSecond: undefined, maxQueued: 9 },
    ...{ clock: clock.nowMs, timers: clock.timers, random: () => 0 },
  });
  const words: string[] = [];
  for (const kolId of ['1', '2', '3'])
    pipeline.read(keyOf(kolId), CACHED).then((outcome) => words.push(wordOf(outcome)));
  await settled();
  listener('account', { openedBy: 'UPSTREAM_TOKEN_INVALID', leftMs: 9000, pauseMs: 9000 });
  await settled();
  expect(words).toEqual(['UPSTREAM_PAUSED', 'UPSTREAM_PAUSED']);
  await source.end(0, 0);
  expect(words.at(-1)).toBe('FRESH');
  expect(source.calls).toHaveLength(1);
});
