import { expect, test } from 'vitest';
import { extendLease } from '../../../src/upstream/policies/lease.ts';
import { createHeldSource, keyOf, settled } from '../../model/held-source.ts';
import { CACHED } from '../../support/requester.ts';
import { createTestClock } from '../../support/test-clock.ts';

const KEY = keyOf('7');

function setUp() {
  const clock = createTestClock();
  const source = createHeldSource(clock.nowMs);
  const leased = extendLease(clock.nowMs)(source);
  return {
    clock,
    source,
    read: (...answers: readonly (boolean | Promise<boolean>)[]) => {
      let asked = 0;
      const extend = async () => answers[asked++] ?? false;
      const options = { ...CACHED, lease: { token: 't', extend } };
      return { outcome: leased.read(KEY, options), asked: () => asked, options };
    },
    readWithout: () => leased.read(KEY, CACHED),
  };
}

test('where nobody shares, an attempt needs no lease', async () => {
  const { readWithout, source } = setUp();
  readWithout();
  await settled();
  expect(source.calls).toHaveLength(1);
});

test('an attempt begins when its lease was made to last, and not before', async () => {
  const { read, source } = setUp();
  const extended = Promise.withResolvers<boolean>();
  const { asked, options, outcome } = read(extended.promise);
  await settled();
  expect([asked(), source.calls.length]).toEqual([1, 0]);
  extended.resolve(true);
  await settled();
  expect(source.calls).toMatchObject([{ key: KEY, options }]);
  await source.end(0, 0);
  expect(await outcome).toMatchObject({ kind: 'answer' });
});

test('no attempt is made that another replica has taken over', async () => {
  const { clock, read, source } = setUp();
  expect(await read(false).outcome).toMatchObject({
    kind: 'failure',
    failedAtMs: clock.nowMs(),
    error: {
      code: 'UPSTREAM_PENDING',
      verdict: { billed: 'no', repeat: 'never', wasAttempted: false, rememberFor: 'none' },
    },
  });
  expect(source.calls).toHaveLength(0);
});
