import { expect, test } from 'vitest';
import { UpstreamError } from '../../../src/domain/upstream-error.ts';
import { OVERLOADED, PAUSED } from '../../../src/domain/verdicts.ts';
import { createAdmission } from '../../../src/upstream/policies/admission.ts';
import { createHeldSource, keyOf, settled } from '../../model/held-source.ts';
import { wordOf } from '../../model/paid-outcomes.ts';
import { createRequester } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';

/** An admission in a line of all replicas, whose places come when the test says so. */
function setUp({ maxConcurrent = 10, maxQueued = 100 } = {}) {
  const clock = createTestClock();
  const source = createHeldSource(clock.nowMs);
  const taken: PromiseWithResolvers<number>[] = [];
  let refusal: UpstreamError | undefined;
  const admission = createAdmission({
    ...{ maxConcurrent, maxPerSecond: 1, maxQueued, slowsDown: true, random: () => 0 },
    pace: {
      takePlace() {
        const place = Promise.withResolvers<number>();
        taken.push(place);
        return place.promise;
      },
    },
    refusal: () => refusal,
    clock: clock.nowMs,
    timers: clock.timers,
  });
  const admitted = admission.policy(source);
  const ends: string[] = [];
  return {
    admission,
    clock,
    source,
    ends,
    placesTaken: () => taken.length,
    started: () => source.calls.map(({ key }) => key.kolId),
    read(...kolIds: readonly string[]) {
      for (const kolId of kolIds) {
        const options = { acceptCache: true, requester: createRequester() };
        admitted.read(keyOf(kolId), options).then((outcome) => ends.push(`${kolId} ${wordOf(outcome)}`));
      }
      return settled();
    },
    /** Says how long the place that was last asked for is away. */
    give(ms: number) {
      taken.at(-1)?.resolve(ms);
      return settled();
    },
    refuse(error: UpstreamError | undefined) {
      refusal = error;
      admission.review();
      return settled();
    },
  };
}

const REFUSAL = new UpstreamError(PAUSED, { retryAfterSeconds: 30 });

test('no call starts without a place, and none before it has come', async () => {
  const { clock, give, placesTaken, read, started } = setUp();
  await read('a');
  expect([placesTaken(), started()]).toEqual([1, []]);
  await give(1500);
  clock.advanceMs(1499);
  expect(started()).toEqual([]);
  clock.advanceMs(1);
  expect(started()).toEqual(['a']);
});

test('a place that is there already is taken at once', async () => {
  const { clock, give, read, started } = setUp();
  await read('a');
  await give(0);
  expect(started()).toEqual(['a']);
  expect(clock.pending).toBe(0);
});

test('one place is taken at a time, and each call has its own, in their order', async () => {
  const { clock, give, placesTaken, read, started } = setUp();
  await read('a', 'b', 'c');
  for (const [index, kolId] of ['a', 'b', 'c'].entries()) {
    expect(placesTaken()).toBe(index + 1);
    await give(1000);
    clock.advanceMs(999);
    expect(placesTaken(), 'none is taken ahead').toBe(index + 1);
    clock.advanceMs(1);
    expect(started().at(-1)).toBe(kolId);
    await settled();
  }
  expect([placesTaken(), started(), clock.pending]).toEqual([3, ['a', 'b', 'c'], 0]);
});

test('no place is taken while there is no room to start', async () => {
  const { give, placesTaken, read, source, started } = setUp({ maxConcurrent: 1 });
  await read('a', 'b');
  await give(0);
  expect([placesTaken(), started()]).toEqual([1, ['a']]);
  await source.end(0, 0);
  expect(placesTaken()).toBe(2);
  await give(0);
  expect(started()).toEqual(['a', 'b']);
});

test('nobody takes a place when nobody waits', async () => {
  const { clock, give, placesTaken, read, source } = setUp();
  await read('a');
  await give(0);
  await source.end(0, 0);
  clock.advanceMs(60_000);
  expect(placesTaken()).toBe(1);
});

test('who is refused while he waits leaves his place to the next, who takes no other', async () => {
  const { clock, ends, give, placesTaken, read, refuse, started } = setUp();
  await read('a');
  await give(1000);
  await refuse(REFUSAL);
  expect(ends).toEqual(['a UPSTREAM_PAUSED']);
  await refuse(undefined);
  await read('b');
  expect(placesTaken()).toBe(1);
  clock.advanceMs(1000);
  expect([placesTaken(), started()]).toEqual([1, ['b']]);
});

test('a place that comes when everybody was refused is kept for the next, and starts nobody', async () => {
  const { clock, give, placesTaken, read, refuse, started } = setUp();
  await read('a');
  await refuse(REFUSAL);
  await give(1000);
  expect([started(), clock.pending]).toEqual([[], 0]);
  await refuse(undefined);
  clock.advanceMs(1000);
  await read('b');
  expect([placesTaken(), started()]).toEqual([1, ['b']]);
});

test('a place does not count where the upstream asked for a pause', async () => {
  const { clock, give, read, source, started } = setUp();
  await read('a', 'b');
  await give(0);
  await give(100);
  await source.end(0, 302, { retryAfterSeconds: 5 });
  clock.advanceMs(4999);
  expect(started()).toEqual(['a']);
  clock.advanceMs(1);
  expect(started()).toEqual(['a', 'b']);
});

test('a call is shed when too many wait for a place', async () => {
  const { ends, give, read, started } = setUp({ maxQueued: 2 });
  await read('a', 'b', 'c');
  expect(ends).toEqual([`c ${OVERLOADED.errorCode}`]);
  await give(0);
  await give(0);
  expect(started()).toEqual(['a', 'b']);
});
