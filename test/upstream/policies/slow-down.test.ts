import { describe, expect, test } from 'vitest';
import { createHeldAdmission } from '../../model/held-admission.ts';
import { createTestClock } from '../../support/test-clock.ts';

describe('a rate limit of the upstream', () => {
  test.each([0, -5000])('that never was holds up nobody, also where the clock begins at %i', async (startMs) => {
    const { outcomes, read, source, started } = createHeldAdmission({ maxConcurrent: 4 }, createTestClock(startMs));
    const ids = Array.from({ length: 50 }, (_, index) => `${index}`);
    for (const id of ids) await read(id);
    for (const index of ids.keys()) {
      expect(started()).toHaveLength(Math.min(50, index + 4));
      await source.end(index, 0);
    }
    expect(outcomes.size).toBe(50);
  });

  test('slows everyone down for as long as it asks', async () => {
    const { clock, outcomes, read, source, started } = createHeldAdmission();
    await read('a');
    await source.end(0, 302, { retryAfterSeconds: 7 });
    expect(outcomes.get('a')).toMatchObject({ error: { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 7 } });
    await read('b');
    clock.advanceMs(6999);
    expect(started()).toEqual(['a']);
    clock.advanceMs(1);
    expect(started()).toEqual(['a', 'b']);
  });

  test('that names no time slows down with full jitter, for longer each time, up to ten seconds', async () => {
    const { clock, read, source, started } = createHeldAdmission({ maxConcurrent: 1 });
    await read('first');
    for (const [index, waitMs] of [500, 1000, 2000, 4000, 5000, 5000].entries()) {
      await source.end(index, 302);
      await read(`${index}`);
      clock.advanceMs(waitMs - 1);
      expect(started()).toHaveLength(index + 1);
      clock.advanceMs(1);
      expect(started()).toHaveLength(index + 2);
    }
  });

  test('that a burst of calls meets is one step, and not one for each', async () => {
    const { clock, read, source, started } = createHeldAdmission({ maxConcurrent: 10 });
    for (const name of ['a', 'b', 'c', 'd']) await read(name);
    for (const index of [0, 1, 2, 3]) await source.end(index, 302);
    await read('next');
    clock.advanceMs(500);
    expect(started()).toHaveLength(5);
  });

  test('lets those who waited start one after another', async () => {
    const { clock, read, source, started } = createHeldAdmission({ maxConcurrent: 10 });
    await read('first');
    await source.end(0, 302, { retryAfterSeconds: 2 });
    for (const name of ['a', 'b', 'c', 'd']) await read(name);
    clock.advanceMs(2000);
    expect(started()).toHaveLength(2);
    clock.advanceMs(200);
    expect(started()).toHaveLength(3);
    clock.advanceMs(400);
    expect(started()).toHaveLength(5);
  });

  test('is over for everybody once a call succeeds', async () => {
    const { clock, outcomes, read, source } = createHeldAdmission();
    await read('a');
    await source.end(0, 302);
    clock.advanceMs(500);
    await read('b');
    await source.end(1, 0);
    clock.advanceMs(500);
    await read('c');
    await source.end(2, 302);
    expect(outcomes.get('c')).toMatchObject({ error: { retryAfterSeconds: 1 } });
    clock.advanceMs(500);
    await read('d');
    expect(source.calls).toHaveLength(4);
  });

  test('never shortens the wait that another asked for', async () => {
    const { clock, read, source, started } = createHeldAdmission();
    await read('a');
    await read('b');
    await source.end(0, 302, { retryAfterSeconds: 9 });
    await source.end(1, 302, { retryAfterSeconds: 1 });
    await read('c');
    clock.advanceMs(8999);
    expect(started()).toHaveLength(2);
    clock.advanceMs(1);
    expect(started()).toHaveLength(3);
  });

  test('of more than 10 s is told to everybody instead of waited for, those who wait as well', async () => {
    const { clock, outcomes, read, source, started } = createHeldAdmission({ maxConcurrent: 1 });
    await read('a');
    await read('b');
    await source.end(0, 302, { retryAfterSeconds: 60 });
    await read('c');
    const told = { error: { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 60, verdict: { billed: 'no' } } };
    expect([outcomes.get('b'), outcomes.get('c')]).toMatchObject([told, told]);
    expect(clock.pending).toBe(0);
    clock.advanceMs(50_000);
    await read('d');
    expect(started()).toEqual(['a']);
    clock.advanceMs(10_000);
    expect(started()).toEqual(['a', 'd']);
  });

  test('touches nobody else in sandbox mode', async () => {
    const { read, source, started } = createHeldAdmission({ slowsDown: false });
    await read('a');
    await source.end(0, 302, { retryAfterSeconds: 7 });
    await read('b');
    expect(started()).toEqual(['a', 'b']);
  });
});
