import { expect, test } from 'vitest';
import { createAdmission } from '../../../src/upstream/policies/admission.ts';
import { createHeldSource, keyOf, settled } from '../../model/held-source.ts';
import { createRequester } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';

const HOUR_MS = 3_600_000;

/** An admission on a machine whose clock is an hour ahead, until it is set. */
function setUp(maxPerSecond?: number) {
  const own = createTestClock();
  let errorMs = HOUR_MS;
  const clock = () => own.nowMs() + errorMs;
  const source = createHeldSource(clock);
  const admission = createAdmission({
    ...{ maxConcurrent: 9, maxPerSecond, maxQueued: 9, slowsDown: true, random: () => 1 },
    ...{ refusal: () => undefined, clock, steadyMs: own.nowMs, timers: own.timers },
  });
  const admitted = admission.policy(source);
  return {
    own,
    source,
    setBack() {
      errorMs = 0;
    },
    read(kolId: string) {
      admitted.read(keyOf(kolId), { acceptCache: true, requester: createRequester() });
      return settled();
    },
    started: () => source.calls.map(({ key }) => key.kolId),
  };
}

test('a clock that is set back holds up no call', async () => {
  const { read, setBack, started } = setUp();
  await read('a');
  setBack();
  await read('b');
  expect(started()).toEqual(['a', 'b']);
});

test('a clock that is set back prolongs no spacing', async () => {
  const { own, read, setBack, started } = setUp(2);
  await read('a');
  setBack();
  await read('b');
  own.advanceMs(500);
  expect(started()).toEqual(['a', 'b']);
});

test('a clock that is set back prolongs no pause that the upstream asked for', async () => {
  const { own, read, setBack, source, started } = setUp();
  await read('a');
  await source.end(0, 302, { retryAfterSeconds: 5 });
  setBack();
  await read('b');
  own.advanceMs(5000);
  expect(started()).toEqual(['a', 'b']);
});
