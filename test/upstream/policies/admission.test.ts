import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/domain/upstream-error.ts';
import { PAUSED } from '../../../src/domain/verdicts.ts';
import { createAdmission } from '../../../src/upstream/policies/admission.ts';
import { createHeldAdmission } from '../../model/held-admission.ts';
import { keyOf } from '../../model/held-source.ts';
import { wordOf } from '../../model/paid-outcomes.ts';
import { createRequester } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';

describe('the bulkhead', () => {
  test('starts so many calls at a time, and the next as soon as one ends', async () => {
    const { admission, read, source, started } = createHeldAdmission();
    for (const kolId of ['a', 'b', 'c', 'd']) await read(kolId);
    expect(started()).toEqual(['a', 'b']);
    expect([admission.inFlight, admission.queued]).toEqual([2, 2]);
    await source.end(1, 0);
    expect(started()).toEqual(['a', 'b', 'c']);
    await source.end(0, 500);
    expect(started()).toEqual(['a', 'b', 'c', 'd']);
    await source.end(2, 'outcome-unknown');
    await source.end(3, 201);
    expect([admission.inFlight, admission.queued]).toEqual([0, 0]);
  });

  test('gives the slot of a call that met a fault of ours to the next', async () => {
    const clock = createTestClock();
    const admission = createAdmission({
      ...{ maxConcurrent: 1, maxPerSecond: undefined, maxQueued: 1, slowsDown: true, random: () => 0 },
      refusal: () => undefined,
      clock: clock.nowMs,
      timers: clock.timers,
    });
    const options = { acceptCache: true, requester: createRequester() };
    const { read } = admission.policy({ read: () => Promise.reject(new Error('a fault of ours')) });
    const reads = [read(keyOf('1'), options), read(keyOf('2'), options)];
    for (const each of reads) await expect(each).rejects.toThrow('a fault of ours');
    expect(admission.inFlight).toBe(0);
  });

  test('starts a call at once where there is room, before the next is judged', () => {
    const { read, started } = createHeldAdmission();
    read('a');
    expect(started()).toEqual(['a']);
  });
});

describe('fairness', () => {
  test('a list of 50 does not starve a single read', async () => {
    const { read, source, started } = createHeldAdmission({ maxConcurrent: 1 });
    const list = createRequester();
    for (let each = 0; each < 50; each += 1) await read(`list ${each}`, list);
    await read('single');
    await source.end(0, 0);
    await source.end(1, 0);
    expect(started()).toEqual(['list 0', 'list 1', 'single']);
  });

  test('what is repeated comes back behind others', async () => {
    const { read, source, started } = createHeldAdmission({ maxConcurrent: 1 });
    const first = createRequester();
    await read('a', first);
    await read('b');
    await read('a again', first);
    await source.end(0, 301);
    await source.end(1, 0);
    expect(started()).toEqual(['a', 'b', 'a again']);
  });
});

describe('shedding', () => {
  test('one more than may wait fails at once, without a timer', async () => {
    const { clock, outcomes, read, source } = createHeldAdmission({ maxConcurrent: 1, maxQueued: 2 });
    for (const kolId of ['a', 'b', 'c', 'd']) await read(kolId);
    expect([...outcomes.keys()]).toEqual(['d']);
    expect(outcomes.get('d')).toMatchObject({ error: { code: 'UPSTREAM_OVERLOADED', retryAfterSeconds: 1 } });
    expect(clock.pending).toBe(0);
    expect(source.calls).toHaveLength(1);
  });

  test('a place that became free is taken again', async () => {
    const { outcomes, read, source } = createHeldAdmission({ maxConcurrent: 1, maxQueued: 1 });
    await read('a');
    await read('b');
    await source.end(0, 0);
    await read('c');
    expect([...outcomes.keys()]).toEqual(['a']);
    await read('d');
    expect(wordOf(outcomes.get('d'))).toBe('UPSTREAM_OVERLOADED');
  });

  test('with a queue of 0 a call starts at once or not at all', async () => {
    const { outcomes, read, source, started } = createHeldAdmission({ maxConcurrent: 1, maxQueued: 0 });
    await read('a');
    await read('b');
    expect(started()).toEqual(['a']);
    expect(wordOf(outcomes.get('b'))).toBe('UPSTREAM_OVERLOADED');
    await source.end(0, 0);
    await read('c');
    expect(started()).toEqual(['a', 'c']);
  });
});

describe('pacing', () => {
  test('starts so many calls per second, evenly', async () => {
    const { clock, read, started } = createHeldAdmission({ maxConcurrent: 100, maxPerSecond: 4 });
    for (let each = 0; each < 10; each += 1) await read(`${each}`);
    const startedAtOnce = started().length;
    for (let more = 1; more <= 5; more += 1) {
      clock.advanceMs(249);
      expect(started()).toHaveLength(startedAtOnce + more - 1);
      clock.advanceMs(1);
      expect(started()).toHaveLength(startedAtOnce + more);
    }
    clock.advanceMs(60_000);
    expect(started()).toHaveLength(10);
    expect(clock.pending).toBe(0);
  });

  test('saves nothing up while nobody asks', async () => {
    const { clock, read, started } = createHeldAdmission({ maxConcurrent: 100, maxPerSecond: 1 });
    await read('first');
    clock.advanceMs(60_000);
    for (let each = 0; each < 10; each += 1) await read(`${each}`);
    expect(started().length).toBeLessThanOrEqual(3);
  });

  test.each([1, 4, 0.1])(
    '%d per second: the second call comes after the first by the whole spacing',
    async (maxPerSecond) => {
      const { clock, read, started } = createHeldAdmission({ maxConcurrent: 100, maxPerSecond });
      await read('a');
      await read('b');
      clock.advanceMs(1000 / maxPerSecond - 1);
      expect(started()).toEqual(['a']);
      clock.advanceMs(1);
      expect(started()).toEqual(['a', 'b']);
    },
  );
});

describe('a refusal', () => {
  const refusal = new UpstreamError(PAUSED, { retryAfterSeconds: 30 });

  test('comes at once, and nothing is asked', async () => {
    const { outcomes, read, refuse, source } = createHeldAdmission();
    await refuse(refusal);
    await read('a');
    expect(outcomes.get('a')).toMatchObject({ error: refusal });
    expect(source.calls).toHaveLength(0);
  });

  test('reaches those who wait as well', async () => {
    const { clock, outcomes, read, refuse, source, admission } = createHeldAdmission({
      maxConcurrent: 1,
      maxPerSecond: 1,
    });
    for (const kolId of ['a', 'b', 'c']) await read(kolId);
    await refuse(refusal);
    expect([...outcomes].map(([kolId, outcome]) => `${kolId} ${wordOf(outcome)}`)).toEqual([
      'b UPSTREAM_PAUSED',
      'c UPSTREAM_PAUSED',
    ]);
    expect([admission.inFlight, admission.queued, clock.pending]).toEqual([1, 0, 0]);
    await source.end(0, 0);
    expect(wordOf(outcomes.get('a'))).toBe('FRESH');
  });
});
