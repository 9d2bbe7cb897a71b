import { expect, test } from 'vitest';
import { type AwaitedFlight, createFlightWaits, type FlightState } from '../../../src/stores/redis/flight-waits.ts';
import { settled } from '../../model/held-source.ts';
import { answerAt } from '../../model/paid-outcomes.ts';
import { createTestClock } from '../../support/test-clock.ts';

const LOOK_MS = 500;
const ANSWER = answerAt(1000, 1);
const UNDER_WAY: FlightState = { kind: 'under-way' };
const WORDLESS: FlightState = { kind: 'ended', outcome: undefined };

/** Waits whose looks end when the test says so. */
function setUp() {
  const clock = createTestClock();
  const looks: { readonly tokens: readonly string[]; readonly reply: PromiseWithResolvers<readonly FlightState[]> }[] =
    [];
  const look = (flights: readonly AwaitedFlight[]) => {
    const reply = Promise.withResolvers<readonly FlightState[]>();
    looks.push({ tokens: flights.map(({ token }) => token), reply });
    return reply.promise;
  };
  const waits = createFlightWaits({ readStates: look, timers: clock.timers });
  const ends: string[] = [];
  return {
    clock,
    looks,
    waits,
    /** How each wait ended, in order. */
    ends,
    begin(token: string) {
      waits.wait({ cacheKey: `key of ${token}`, token }).then((outcome) => {
        ends.push(outcome ? `${token} ${outcome.kind}` : token);
      });
    },
    /** One look from its start to its end. */
    async look(reply: readonly FlightState[] | Error) {
      clock.advanceMs(LOOK_MS);
      if (reply instanceof Error) looks.at(-1)?.reply.reject(reply);
      else looks.at(-1)?.reply.resolve(reply);
      await settled();
    },
  };
}

test('a message ends the wait for its flight with what it brought, and no other', async () => {
  const { begin, clock, ends, waits } = setUp();
  for (const token of ['a', 'b', 'c']) begin(token);
  waits.onMessage('b', ANSWER);
  waits.onMessage('c', undefined);
  waits.onMessage('of somebody else', ANSWER);
  await settled();
  expect(ends).toEqual(['b answer', 'c']);
  expect(clock.pending).toBe(1);
});

test('whoever waits looks for himself every half second, for all flights in one question', async () => {
  const { begin, clock, ends, look, looks } = setUp();
  for (const token of ['a', 'b', 'c']) begin(token);
  clock.advanceMs(LOOK_MS - 1);
  expect(looks).toHaveLength(0);
  clock.advanceMs(1);
  looks[0]?.reply.resolve([UNDER_WAY, { kind: 'ended', outcome: ANSWER }, WORDLESS]);
  await settled();
  expect(ends).toEqual(['b answer', 'c']);
  await look([WORDLESS]);
  expect(looks.map(({ tokens }) => tokens)).toEqual([['a', 'b', 'c'], ['a']]);
  expect(ends).toEqual(['b answer', 'c', 'a']);
});

test('nobody looks when nobody waits', async () => {
  const { begin, clock, look, looks, waits } = setUp();
  expect(clock.pending).toBe(0);
  begin('a');
  await look([WORDLESS]);
  expect(clock.pending).toBe(0);
  begin('b');
  await look([UNDER_WAY]);
  waits.onMessage('b', ANSWER);
  await look([]);
  clock.advanceMs(10 * LOOK_MS);
  expect(looks.map(({ tokens }) => tokens)).toEqual([['a'], ['b'], []]);
});

test('a look that takes long is not overtaken by another', async () => {
  const { begin, clock, look, looks } = setUp();
  begin('a');
  clock.advanceMs(LOOK_MS);
  begin('b');
  clock.advanceMs(10 * LOOK_MS);
  expect(looks).toHaveLength(1);
  looks[0]?.reply.resolve([UNDER_WAY]);
  await settled();
  await look([UNDER_WAY, UNDER_WAY]);
  expect(looks.map(({ tokens }) => tokens)).toEqual([['a'], ['a', 'b']]);
});

test('a message that comes while it is looked is not contradicted by what the look finds', async () => {
  const { begin, clock, ends, looks, waits } = setUp();
  begin('a');
  clock.advanceMs(LOOK_MS);
  waits.onMessage('a', ANSWER);
  looks[0]?.reply.resolve([WORDLESS]);
  await settled();
  expect(ends).toEqual(['a answer']);
});

test('three looks in vain end no wait, and the fourth ends them all without a word', async () => {
  const { begin, ends, look } = setUp();
  const away = new Error('Redis is unavailable');
  begin('a');
  begin('b');
  for (let time = 0; time < 3; time += 1) await look(away);
  expect(ends).toEqual([]);
  await look(away);
  expect(ends).toEqual(['a', 'b']);
});

test('a good look forgets those in vain before it, and so does a wait that begins anew', async () => {
  const { begin, ends, look } = setUp();
  const away = new Error('Redis is unavailable');
  begin('a');
  for (let time = 0; time < 3; time += 1) await look(away);
  await look([UNDER_WAY]);
  for (let time = 0; time < 3; time += 1) await look(away);
  expect(ends).toEqual([]);
  await look(away);
  begin('b');
  for (let time = 0; time < 3; time += 1) await look(away);
  expect(ends).toEqual(['a']);
});

test('all waits can be ended at once, and others can begin', async () => {
  const { begin, ends, look, waits } = setUp();
  begin('a');
  begin('b');
  waits.endAll();
  await settled();
  expect(ends).toEqual(['a', 'b']);
  begin('c');
  await look([{ kind: 'ended', outcome: ANSWER }]);
  expect(ends).toEqual(['a', 'b', 'c answer']);
});

test('two who wait for one flight both hear of its end', async () => {
  const { begin, ends, waits } = setUp();
  begin('a');
  begin('a');
  expect([waits.isAwaited('a'), waits.isAwaited('b')]).toEqual([true, false]);
  waits.onMessage('a', ANSWER);
  await settled();
  expect(ends).toEqual(['a answer', 'a answer']);
  expect(waits.isAwaited('a')).toBe(false);
});
