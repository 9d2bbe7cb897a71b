import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { writeKeyFile } from '../../support/key-file.ts';
import { replies, type ScriptedUpstream } from '../../support/scripted-upstream.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';
import { startUpstreamByKol } from '../../support/upstream-by-kol.ts';
import { lane } from './counted-lane.ts';
import { LONG_BYTES, type Received, requests, type Sent, send } from './requests.ts';

const runs = Number(process.env['LANE_RUNS'] ?? 400);
/** Printed by fast-check with a failure; `LANE_SEED` runs the same requests again. */
const seed = process.env['LANE_SEED'];
const says = (code: number) =>
  [replies(200, JSON.stringify({ code, message: '', data: null, recordTime: null }))] as const;
/** Longer than everything is fresh. */
const STALE_SECONDS = 4000;
/** Seconds after each time that a long request is sent once more. */
const REPEATS = [1, 7, 60, 0];

vi.mock('../../../src/server/fast-lane/fast-lane.ts', async (load) =>
  (await import('./counted-lane.ts')).withCounts(load),
);

const clock = createTestClock();
const keys = writeKeyFile({ name: 'web', key: 'key-of-web', scopes: ['ops', 'fresh', 'introspect'] });
let upstream: ScriptedUpstream;
let both: readonly [TestGateway, TestGateway];

beforeAll(async () => {
  upstream = await startUpstreamByKol({
    ...{ none: [...says(201)], 'none-1': [...says(201)] },
    ...{ refused: [...says(400)], 'refused-1': [...says(400)] },
  });
  const env = {
    ...{ CLIENT_KEYS_FILE: keys.path, CORS_ORIGINS: 'https://app.example', LOG_LEVEL: 'silent' },
    // A refresh behind an answer ends when it ends, and not at the same moment in both.
    CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0',
  };
  const start = (fastLane: string) => startTestGateway({ upstream, clock, env: { ...env, FAST_LANE: fastLane } });
  both = [await start('true'), await start('false')];
});

afterAll(async () => {
  for (const gateway of both) await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  keys[Symbol.dispose]();
});

/** Errors of calls that were in flight together stand in the order in which the calls ended, which nobody promises. */
function withErrorsInOrder(received: Received): Received {
  const { errors, ...rest } = JSON.parse(/^\{"errors":\[\{.*\},\{/.test(received.body) ? received.body : '{}');
  if (errors === undefined) return received;
  const byPath = (one: object, other: object) => JSON.stringify(one).localeCompare(JSON.stringify(other));
  return { ...received, body: JSON.stringify({ errors: errors.sort(byPath), ...rest }) };
}

test(`${runs} generated requests get the same status, headers and body with the lane and without it`, async () => {
  /** Of requests that there was a plan for, but for their variables. */
  let refusedVariables = 0;
  const waits = fc.tuple(fc.constantFrom(0, STALE_SECONDS), fc.nat(100));
  const property = fc.asyncProperty(requests, waits, async ([sent, otherwise], [between, after]) => {
    const [withLane, without] = both;
    async function compareThen(seconds: number, request = sent): Promise<Received> {
      const expected = await send(without.origin, request);
      expect(withErrorsInOrder(await send(withLane.origin, request))).toEqual(withErrorsInOrder(expected));
      clock.advanceMs(seconds * 1000);
      return expected;
    }
    // The first may buy, and teaches the lane how yoga answers; the second is the lane's, which may have to buy again.
    const before = lane.answered + lane.read;
    await compareThen(between);
    await compareThen(after);
    // A long one is ready after it was answered from memory twice.
    const isLong = Buffer.byteLength(sent.body ?? '') >= LONG_BYTES;
    if (isLong && lane.answered + lane.read > before) for (const seconds of REPEATS) await compareThen(seconds);
    const isPlanned = lane.answered + lane.read > before;
    const { body } = await compareThen(between, otherwise);
    if (isPlanned && body.includes('"Variable ')) refusedVariables += 1;
  });
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed: Number(seed) }) });
  expect(lane.created, 'only the gateway that has one').toBe(1);
  expect(lane.answered + lane.read).toBeGreaterThan(runs / 20);
  expect(refusedVariables).toBeGreaterThan(runs / 100);
  expect(lane.ready, 'a second time by what was ready').toBeGreaterThan(runs / 200);
}, 600_000);

const LIST = 'query Several($ids: [ID!]!) { kols(ids: $ids) { id linkIndex { star { value } freshness } } }';
const asking = (...ids: string[]): Sent => ({
  method: 'POST',
  path: '/graphql',
  headers: { authorization: 'Bearer key-of-web', 'content-type': 'application/json', 'x-request-id': 'same' },
  body: JSON.stringify({ query: LIST, variables: { ids } }),
});

test.each([
  ['a list of which nothing is in memory is read', ['new-1', 'new-2', 'new-1'], 2, 'read'],
  ['so is one of which a part is, and a part has no data', ['known', 'new-3', 'none-1'], 2, 'read'],
  ['a failed read is told by yoga, which reads nothing again', ['known', 'new-4', 'refused-1'], 2, 'handedOver'],
  ['a bad id at the end of a list is left to yoga before anything is read', ['new-5', 'no id'], 1, 'handedOver'],
  [
    'too many KOLs are refused before anything is bought',
    Array.from({ length: 51 }, (_, n) => `many-${n}`),
    0,
    'handedOver',
  ],
] as const)('%s', async (_, ids, purchases, how) => {
  const [withLane, without] = both;
  for (const { origin } of both) expect(await send(origin, asking('known'))).toMatchObject({ status: 200 });
  const [callsBefore, lanesBefore] = [upstream.calls.length, lane[how]];
  const expected = await send(without.origin, asking(...ids));
  expect(upstream.calls.length - callsBefore, 'without the lane').toBe(purchases);
  expect(await send(withLane.origin, asking(...ids))).toEqual(expected);
  expect(upstream.calls.length - callsBefore, 'with it, as many again').toBe(2 * purchases);
  expect(lane[how] - lanesBefore).toBe(1);
});

test('a selection that a variable switches has a plan for each way it is set', async () => {
  const [withLane, without] = both;
  const query = `query Known($more: Boolean!) {
    kol(id: "known") { id @include(if: $more) linkIndex @skip(if: $more) { star @include(if: $more) { value } } }
    again: kol(id: "known") @skip(if: $more) { __typename }
  }`;
  for (const more of [true, false, 'true', null]) {
    const request: Sent = { ...asking(), body: JSON.stringify({ query, variables: { more } }) };
    const expected = await send(without.origin, request);
    const before = lane.answered;
    for (let time = 0; time < 2; time += 1) expect(await send(withLane.origin, request)).toEqual(expected);
    expect(lane.answered - before, `${more}`).toBe(typeof more === 'boolean' ? 1 : 0);
  }
});
