import { describe, expect, test } from 'vitest';
import type { Lifetimes } from '../../src/cache/entry.ts';
import { compact } from '../../src/cache/entry.ts';
import { createAnswerMemory } from '../../src/cache/memory.ts';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { answerAt, failureAt, outcomeOf, type Reply } from '../model/paid-outcomes.ts';
import { createTestClock } from '../support/test-clock.ts';

const LIFETIMES: Lifetimes = {
  freshMs: 100_000,
  staleWhileRevalidateMs: 200_000,
  staleIfErrorMs: 300_000,
  negativeMs: 600_000,
};

function setUp(maxEntries = 10) {
  const clock = createTestClock();
  const memory = createAnswerMemory({ maxEntries, lifetimes: LIFETIMES, clock: clock.nowMs });
  return {
    clock,
    memory,
    nowMs: clock.nowMs,
    happens(reply: Reply, retryAfterSeconds?: number) {
      const outcome = outcomeOf(reply, clock.nowMs(), null, { retryAfterSeconds });
      memory.remember('k', outcome);
      return outcome;
    },
    /** For how much longer the key is not asked for, in milliseconds. */
    pauseMs: () => (memory.get('k')?.failure?.untilMs ?? clock.nowMs()) - clock.nowMs(),
  };
}

/** What is expected in memory after this outcome. */
function kept(outcome: LinkIndexOutcome) {
  return outcome.kind === 'failure' ? undefined : compact(outcome);
}

describe('an answer', () => {
  test('takes the place of an older one and of a failure', () => {
    const { clock, happens, memory } = setUp();
    happens(0);
    clock.advanceMs(1);
    happens('bad-response');
    clock.advanceMs(1);
    const newer = happens(0);
    expect(memory.get('k')).toEqual({ answer: kept(newer) });
    clock.advanceMs(1);
    const none = happens(201);
    expect(memory.get('k')).toEqual({ answer: none });
  });

  test('gives way to no older one of the store', () => {
    const { memory, nowMs } = setUp();
    const newer = answerAt(nowMs(), 2);
    memory.remember('k', newer);
    memory.merge('k', answerAt(nowMs() - 1, 1));
    expect(memory.get('k')).toEqual({ answer: kept(newer) });
  });

  test('of another key is another answer', () => {
    const { happens, memory } = setUp();
    happens(0);
    expect(memory.get('l')).toBeUndefined();
  });

  test('that was read least recently makes room', () => {
    const { memory, nowMs } = setUp(2);
    memory.remember('a', answerAt(nowMs()));
    memory.remember('b', answerAt(nowMs()));
    memory.get('a');
    memory.remember('c', answerAt(nowMs()));
    expect(['a', 'b', 'c'].map((key) => memory.get(key) !== undefined)).toEqual([true, false, true]);
  });
});

describe('a failure', () => {
  test.each<[Reply, number]>([
    ['outcome-unknown', 60_000],
    ['bad-response', 600_000],
    ['unusable-answer', 600_000],
    [400, 600_000],
  ])('%s is remembered by itself for %i ms', (reply, pauseMs) => {
    const { happens, memory, pauseMs: pause } = setUp();
    const outcome = happens(reply);
    expect(memory.get('k')).toMatchObject({ failure: { outcome } });
    expect(pause()).toBe(pauseMs);
  });

  test.each<Reply>([100, 300, 301, 302, 303, 500, 503, 600, 601, 602, 'unreachable'])('%s is not', (reply) => {
    const { happens, memory } = setUp();
    happens(reply, 3600);
    expect(memory.get('k')).toBeUndefined();
  });

  test.each<[Reply, number | undefined, number]>([
    ['unreachable', undefined, 30_000],
    [302, 45, 45_000],
    ['outcome-unknown', undefined, 60_000],
    ['bad-response', undefined, 600_000],
  ])('%s removes no answer that can be served, and pauses its refresh', (reply, retryAfterSeconds, pauseMs) => {
    const { clock, happens, memory, pauseMs: pause } = setUp();
    const answer = happens(0);
    clock.advanceMs(150_000);
    happens(reply, retryAfterSeconds);
    expect(memory.get('k')?.answer).toEqual(kept(answer));
    expect(pause()).toBe(pauseMs);
  });

  test('takes the place of an answer that is too old', () => {
    const { clock, happens, memory } = setUp();
    happens(0);
    clock.advanceMs(600_000);
    happens('outcome-unknown');
    expect(memory.get('k')?.answer).toBeUndefined();
    expect(memory.get('k')?.failure).toBeDefined();
  });

  test('that is not remembered removes none that is', () => {
    const { clock, happens, pauseMs } = setUp();
    happens('outcome-unknown');
    clock.advanceMs(10_000);
    happens(301);
    expect(pauseMs()).toBe(50_000);
  });

  test('from the store counts from when it happened', () => {
    const { memory, nowMs, pauseMs } = setUp();
    memory.remember('k', failureAt('outcome-unknown', nowMs() - 59_000));
    expect(pauseMs()).toBe(1000);
  });
});

describe('what must not be lost or bought again', () => {
  test('a later unbilled failure does not shorten the pause after what was billed', () => {
    const { clock, happens, pauseMs } = setUp();
    happens(0);
    clock.advanceMs(150_000);
    happens('bad-response');
    happens('unreachable');
    expect(pauseMs()).toBe(600_000);
  });

  test('the same answer once more from the store does not end the pause after a failed refresh', () => {
    const { clock, happens, memory, pauseMs } = setUp();
    const answer = happens(0);
    clock.advanceMs(350_000);
    const outcome = happens('outcome-unknown');
    memory.merge('k', answer);
    expect(memory.get('k')?.failure?.outcome).toBe(outcome);
    expect(pauseMs()).toBe(60_000);
  });

  test('a failure from before an answer does not pause its refresh', () => {
    const { memory, nowMs, pauseMs } = setUp();
    memory.remember('k', answerAt(nowMs()));
    memory.remember('k', failureAt('bad-response', nowMs() - 1000));
    expect(pauseMs()).toBe(0);
  });
});
