import { describe, expect, test } from 'vitest';
import type { LinkIndexOutcome } from '../../../src/domain/link-index.ts';
import { UpstreamError } from '../../../src/domain/upstream-error.ts';
import { BUDGET_EXHAUSTED } from '../../../src/domain/verdicts.ts';
import { createBreakers } from '../../../src/upstream/policies/breakers.ts';
import { createHeldSource, keyOf } from '../../model/held-source.ts';
import { outcomeOf, type Reply } from '../../model/paid-outcomes.ts';
import { CACHED } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';

const KEY = keyOf('7');

function setUp(startMs?: number) {
  const clock = createTestClock(startMs);
  const breakers = createBreakers({ clock: clock.nowMs, steadyMs: clock.steadyMs });
  return {
    clock,
    breakers,
    /** Lets attempts end like this, one after the other. */
    async attempt(reply: Reply | UpstreamError, times = 1) {
      const outcome: LinkIndexOutcome =
        reply instanceof UpstreamError
          ? { kind: 'failure', error: reply, failedAtMs: clock.nowMs() }
          : outcomeOf(reply, clock.nowMs());
      const guarded = breakers.policy({ read: async () => outcome });
      for (let time = 0; time < times; time += 1) expect(await guarded.read(KEY, CACHED)).toBe(outcome);
    },
  };
}

describe('what one attempt condemns', () => {
  test.each([
    [100, 'account', 'UPSTREAM_TOKEN_INVALID', 30],
    [601, 'account', 'UPSTREAM_BALANCE_INSUFFICIENT', 30],
    [602, 'account', 'UPSTREAM_TOKEN_LIMIT_REACHED', 30],
    [600, 'endpoint', 'UPSTREAM_PERMISSION_DENIED', 30],
    [300, 'endpoint', 'UPSTREAM_ENDPOINT_GONE', 30],
    [404, 'endpoint', 'UPSTREAM_ENDPOINT_GONE', 30],
    [303, 'quota', 'UPSTREAM_QUOTA_EXCEEDED', 900],
  ] as const)('code %i opens the %s breaker', async (code, name, pausedBy, retryAfterSeconds) => {
    const { attempt, breakers } = setUp();
    await attempt(code);
    expect(breakers.openNames()).toEqual([name]);
    expect(breakers.refusal()).toMatchObject({ code: 'UPSTREAM_PAUSED', pausedBy, retryAfterSeconds });
  });

  test.each<Reply>([0, 201, 301, 302, 400, 500, 503, 'unreachable', 'outcome-unknown', 'bad-response'])(
    '%s opens none',
    async (reply) => {
      const { attempt, breakers } = setUp();
      await attempt(reply);
      expect(breakers.openNames()).toEqual([]);
      expect(breakers.refusal()).toBeUndefined();
    },
  );
});

describe('how long it pauses', () => {
  test.each([[100], [600]])('code %i: 30 s, doubling to 10 min', async (code) => {
    const { attempt, breakers, clock } = setUp();
    await attempt(code);
    for (const pauseSeconds of [30, 60, 120, 240, 480, 600, 600]) {
      expect(breakers.refusal()?.retryAfterSeconds).toBe(pauseSeconds);
      clock.advanceMs(pauseSeconds * 1000);
      await attempt(code);
    }
  });

  test('the quota is probed every 15 min', async () => {
    const { attempt, breakers, clock } = setUp();
    for (let probe = 0; probe < 4; probe += 1) {
      await attempt(303);
      expect(breakers.refusal()?.retryAfterSeconds).toBe(900);
      clock.advanceMs(900_000);
      expect(breakers.refusal()).toBeUndefined();
    }
    await attempt(0);
    expect(breakers.openNames()).toEqual([]);
  });

  describe('the quota is probed besides at midnight in Shanghai, where the day of the quota begins', () => {
    const MIDNIGHT_MS = Date.UTC(2026, 0, 2, 16);
    const QUARTER_MS = 900_000;

    test.each([
      [600_000, 600],
      [899_999, 900],
      [900_000, 900],
      [900_001, 900],
      [1, 1],
      // Midnight is over: the next one is a day away.
      [0, 900],
    ])('%d ms before it a pause lasts %d s', async (beforeMs, pauseSeconds) => {
      const { attempt, breakers } = setUp(MIDNIGHT_MS - beforeMs);
      await attempt(303);
      expect(breakers.refusal()?.retryAfterSeconds).toBe(pauseSeconds);
    });

    test('once, and every 15 min from then on', async () => {
      const { attempt, breakers, clock } = setUp(MIDNIGHT_MS - 20 * 60_000);
      const probes: number[] = [];
      for (let probe = 0; probe < 4; probe += 1) {
        await attempt(303);
        const { retryAfterSeconds = 0 } = breakers.refusal() ?? {};
        clock.advanceMs(retryAfterSeconds * 1000 - 1);
        expect(breakers.refusal()).toBeDefined();
        clock.advanceMs(1);
        expect(breakers.refusal()).toBeUndefined();
        probes.push((clock.nowMs() - MIDNIGHT_MS) / 60_000);
      }
      expect(probes).toEqual([-5, 0, 15, 30]);
      await attempt(0);
      expect(breakers.openNames()).toEqual([]);
    });

    test.each([3_600_000, -3_600_000])('a clock that is set by %d ms meanwhile changes no pause', async (setMs) => {
      const { attempt, breakers, clock } = setUp(MIDNIGHT_MS - 600_000);
      await attempt(303);
      clock.setByMs(setMs);
      expect(breakers.refusal()?.retryAfterSeconds).toBe(600);
      clock.advanceMs(600_000);
      expect(breakers.refusal()).toBeUndefined();
      await attempt(303);
      expect(breakers.refusal()?.retryAfterSeconds).toBe(900);
    });

    test('no other pause is cut short by it', async () => {
      for (const code of [100, 600]) {
        const { attempt, breakers } = setUp(MIDNIGHT_MS - 1000);
        await attempt(code);
        expect(breakers.refusal()?.retryAfterSeconds).toBe(30);
      }
    });

    test.each([
      [300_000, 0, 300],
      [300_000, -60_000, 300],
      [300_000, 60_000, 240],
      // Its midnight is here, and its probe has failed.
      [60_000, 60_000, 60],
    ])('%d ms before it a replica whose clock is %d ms off tells a pause, which lasts %d s', async (...numbers) => {
      const [beforeMs, otherErrorMs, pauseSeconds] = numbers;
      const { breakers, clock } = setUp(MIDNIGHT_MS - beforeMs);
      const other = createBreakers({
        clock: () => clock.nowMs() + otherErrorMs,
        steadyMs: clock.steadyMs,
        onChange: breakers.adopt,
      });
      await other.policy({ read: async () => outcomeOf(303, clock.nowMs()) }).read(KEY, CACHED);
      expect(breakers.refusal()).toMatchObject({
        pausedBy: 'UPSTREAM_QUOTA_EXCEEDED',
        retryAfterSeconds: pauseSeconds,
      });
    });

    test('a pause of another replica that is not cut short is cut here, and not taken up again after midnight', () => {
      const { breakers, clock } = setUp(MIDNIGHT_MS - 300_000);
      const tell = (leftMs: number) =>
        breakers.adopt('quota', { openedBy: 'UPSTREAM_QUOTA_EXCEEDED', leftMs, pauseMs: QUARTER_MS });
      tell(QUARTER_MS);
      expect(breakers.refusal()?.retryAfterSeconds).toBe(300);
      clock.advanceMs(5000);
      tell(QUARTER_MS - 5000);
      expect(breakers.refusal()?.retryAfterSeconds).toBe(295);
      clock.advanceMs(296_000);
      tell(QUARTER_MS - 301_000);
      expect(breakers.refusal()).toBeUndefined();
    });
  });
});

describe('a probe', () => {
  test.each<[Reply, number, boolean]>([
    [0, 100, true],
    [201, 303, true],
    [301, 100, true],
    [400, 600, true],
    ['unreachable', 100, false],
    ['outcome-unknown', 303, false],
    ['bad-response', 600, false],
  ])('that brings %s after code %i closes its breaker: %s', async (reply, openedBy, isClosed) => {
    const { attempt, breakers, clock } = setUp();
    await attempt(openedBy);
    clock.advanceMs(900_000);
    await attempt(reply);
    expect(breakers.openNames()).toHaveLength(isClosed ? 0 : 1);
  });

  test('is one for all breakers, and everybody else is refused until it ends', async () => {
    const { breakers, clock } = setUp();
    const source = createHeldSource(clock.nowMs);
    const guarded = breakers.policy(source);
    for (let each = 0; each < 2; each += 1) guarded.read(KEY, CACHED);
    await source.end(0, 100);
    await source.end(1, 600);
    expect(breakers.openNames()).toEqual(['account', 'endpoint']);
    clock.advanceMs(30_000);
    guarded.read(KEY, CACHED);
    expect(breakers.refusal()?.code).toBe('UPSTREAM_PAUSED');
    await source.end(2, 0);
    expect(breakers.openNames()).toEqual([]);
  });

  test('that was never sent leaves the breaker as it was', async () => {
    const { attempt, breakers, clock } = setUp();
    await attempt(100);
    clock.advanceMs(30_000);
    await attempt(new UpstreamError(BUDGET_EXHAUSTED));
    expect(breakers.refusal()).toMatchObject({ pausedBy: 'UPSTREAM_TOKEN_INVALID', retryAfterSeconds: 30 });
  });

  test('that meets a fault of ours ends all the same', async () => {
    const { attempt, breakers, clock } = setUp();
    await attempt(100);
    clock.advanceMs(30_000);
    const guarded = breakers.policy({ read: () => Promise.reject(new Error('a fault of ours')) });
    await expect(guarded.read(KEY, CACHED)).rejects.toThrow('a fault of ours');
    clock.advanceMs(30_000);
    expect(breakers.refusal()).toBeUndefined();
  });
});

describe('the upstream breaker', () => {
  test.each<Reply>([500, 503, 'unreachable', 'outcome-unknown'])(
    'opens at half of 20 attempts with %s',
    async (reply) => {
      const { attempt, breakers } = setUp();
      await attempt(0, 10);
      await attempt(reply, 9);
      expect(breakers.openNames()).toEqual([]);
      await attempt(reply);
      expect(breakers.openNames()).toEqual(['upstream']);
      expect(breakers.refusal()).toMatchObject({ code: 'UPSTREAM_PAUSED', retryAfterSeconds: 30 });
    },
  );

  test('says which error opened it', async () => {
    const { attempt, breakers } = setUp();
    await attempt('unreachable', 19);
    await attempt(500);
    expect(breakers.refusal()?.pausedBy).toBe('UPSTREAM_INTERNAL_ERROR');
  });

  test('stays closed while less than half of the attempts fail', async () => {
    const { attempt, breakers } = setUp();
    for (let round = 0; round < 20; round += 1) {
      await attempt(301, 2);
      await attempt(500);
    }
    expect(breakers.openNames()).toEqual([]);
  });

  test('counts what ended within 60 s', async () => {
    const { attempt, breakers, clock } = setUp();
    await attempt(500, 19);
    clock.advanceMs(60_000);
    await attempt(500);
    expect(breakers.openNames()).toEqual([]);
  });

  test('does not count what was refused before it was asked', async () => {
    const { attempt, breakers } = setUp();
    await attempt(500, 19);
    await attempt(new UpstreamError(BUDGET_EXHAUSTED), 5);
    expect(breakers.openNames()).toEqual([]);
  });

  test('opens again at once, and for twice as long, when its probe fails', async () => {
    const { attempt, breakers, clock } = setUp();
    await attempt(500, 20);
    clock.advanceMs(30_000);
    await attempt('unreachable');
    expect(breakers.refusal()).toMatchObject({ pausedBy: 'UPSTREAM_UNREACHABLE', retryAfterSeconds: 60 });
  });

  test('forgets the old failures once a probe succeeds', async () => {
    const { attempt, breakers, clock } = setUp();
    await attempt(500, 20);
    clock.advanceMs(30_000);
    await attempt(0);
    await attempt(500, 19);
    expect(breakers.openNames()).toEqual([]);
    await attempt(500);
    expect(breakers.openNames()).toEqual(['upstream']);
  });
});

test('a new token closes the account breaker at once, and no other', async () => {
  const { breakers, clock } = setUp();
  const source = createHeldSource(clock.nowMs);
  const guarded = breakers.policy(source);
  const codes = [100, 600, 303];
  for (const _ of codes) guarded.read(KEY, CACHED);
  for (const [index, code] of codes.entries()) await source.end(index, code);
  expect(breakers.openNames()).toEqual(['account', 'endpoint', 'quota']);
  breakers.forgiveAccount();
  expect(breakers.openNames()).toEqual(['endpoint', 'quota']);
});
