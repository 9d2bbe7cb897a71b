import { expect, test } from 'vitest';
import { createBreaker } from '../../../src/upstream/policies/breaker.ts';
import { createTestClock } from '../../support/test-clock.ts';

const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 100_000;

function setUp() {
  const clock = createTestClock();
  const pauses = { firstPauseMs: FIRST_PAUSE_MS, maxPauseMs: MAX_PAUSE_MS };
  return { clock, breaker: createBreaker({ ...pauses, clock: clock.nowMs }) };
}

/** A breaker that a bad attempt has just opened. */
function setUpOpen() {
  const { clock, breaker } = setUp();
  breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
  return { clock, breaker };
}

test('a breaker is closed until an attempt shows something bad', () => {
  const { breaker } = setUp();
  breaker.enter().leave('good');
  breaker.enter().leave('nothing', 'UPSTREAM_COLLECTION_FAILED');
  expect(breaker.isOpen()).toBe(false);
  expect(breaker.refusal()).toBeUndefined();
});

test('an open breaker refuses, says for how long, and why', () => {
  const { breaker, clock } = setUpOpen();
  expect(breaker.isOpen()).toBe(true);
  expect(breaker.refusal()).toMatchObject({
    code: 'UPSTREAM_PAUSED',
    retryAfterSeconds: 30,
    pausedBy: 'UPSTREAM_TOKEN_INVALID',
    verdict: { billed: 'no', wasAttempted: false },
  });
  clock.advanceMs(FIRST_PAUSE_MS - 1);
  expect(breaker.refusal()?.retryAfterSeconds).toBe(1);
});

test('after its pause it lets a single probe through, and refuses everybody else meanwhile', () => {
  const { breaker, clock } = setUpOpen();
  clock.advanceMs(FIRST_PAUSE_MS);
  expect(breaker.refusal()).toBeUndefined();
  const probe = breaker.enter();
  expect(breaker.refusal()).toMatchObject({ code: 'UPSTREAM_PAUSED', pausedBy: 'UPSTREAM_TOKEN_INVALID' });
  expect(breaker.refusal()?.retryAfterSeconds).toBeGreaterThan(0);
  clock.advanceMs(MAX_PAUSE_MS);
  expect(breaker.refusal(), 'however long the probe takes').toBeDefined();
  probe.leave('good');
  expect(breaker.refusal()).toBeUndefined();
  expect(breaker.isOpen()).toBe(false);
});

test('a failed probe doubles the pause up to the longest, and names its own error', () => {
  const { breaker, clock } = setUpOpen();
  for (const pauseSeconds of [60, 100, 100]) {
    clock.advanceMs(MAX_PAUSE_MS);
    breaker.enter().leave('bad', 'UPSTREAM_BALANCE_INSUFFICIENT');
    expect(breaker.refusal()).toMatchObject({
      retryAfterSeconds: pauseSeconds,
      pausedBy: 'UPSTREAM_BALANCE_INSUFFICIENT',
    });
  }
});

test('a probe that shows nothing is repeated after the same pause', () => {
  const { breaker, clock } = setUpOpen();
  clock.advanceMs(FIRST_PAUSE_MS);
  breaker.enter().leave('nothing', 'UPSTREAM_OUTCOME_UNKNOWN');
  expect(breaker.refusal()).toMatchObject({ retryAfterSeconds: 30, pausedBy: 'UPSTREAM_TOKEN_INVALID' });
});

test('a good probe makes the next pause the first again', () => {
  const { breaker, clock } = setUpOpen();
  clock.advanceMs(FIRST_PAUSE_MS);
  breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
  clock.advanceMs(2 * FIRST_PAUSE_MS);
  breaker.enter().leave('good');
  breaker.enter().leave('bad', 'UPSTREAM_TOKEN_INVALID');
  expect(breaker.refusal()?.retryAfterSeconds).toBe(30);
});

test('an attempt from before it opened neither closes it nor prolongs the pause', () => {
  const { breaker, clock } = setUp();
  const [first, second, third] = [breaker.enter(), breaker.enter(), breaker.enter()];
  first.leave('bad', 'UPSTREAM_TOKEN_INVALID');
  clock.advanceMs(1000);
  second.leave('bad', 'UPSTREAM_BALANCE_INSUFFICIENT');
  expect(breaker.refusal()).toMatchObject({ retryAfterSeconds: 29, pausedBy: 'UPSTREAM_TOKEN_INVALID' });
  third.leave('good');
  expect(breaker.isOpen()).toBe(true);
});

test('an attempt from before it opened does not end the probe', () => {
  const { breaker, clock } = setUp();
  const [first, straggler] = [breaker.enter(), breaker.enter()];
  first.leave('bad', 'UPSTREAM_TOKEN_INVALID');
  clock.advanceMs(FIRST_PAUSE_MS);
  const probe = breaker.enter();
  straggler.leave('good');
  expect(breaker.refusal()).toBeDefined();
  probe.leave('good');
  expect(breaker.refusal()).toBeUndefined();
});

test('what was mended from outside closes it at once, whatever the probe under way brings', () => {
  const { breaker, clock } = setUpOpen();
  clock.advanceMs(FIRST_PAUSE_MS);
  const probe = breaker.enter();
  breaker.close();
  expect(breaker.isOpen()).toBe(false);
  probe.leave('nothing');
  expect(breaker.isOpen()).toBe(false);
});

test('an attempt from before it was mended does not open it again', () => {
  const { breaker } = setUp();
  const [first, straggler] = [breaker.enter(), breaker.enter()];
  first.leave('bad', 'UPSTREAM_TOKEN_INVALID');
  breaker.close();
  straggler.leave('bad', 'UPSTREAM_TOKEN_INVALID');
  expect(breaker.isOpen()).toBe(false);
});
