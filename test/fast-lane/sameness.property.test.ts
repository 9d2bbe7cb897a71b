import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type * as FastLane from '../../src/server/fast-lane/fast-lane.ts';
import { writeKeyFile } from '../support/key-file.ts';
import { replies, type ScriptedUpstream } from '../support/scripted-upstream.ts';
import { createTestClock } from '../support/test-clock.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { requests, send } from './requests.ts';

const runs = Number(process.env['LANE_RUNS'] ?? 400);
/** Printed by fast-check with a failure; `LANE_SEED` runs the same requests again. */
const seed = process.env['LANE_SEED'];
const NO_DATA = JSON.stringify({ code: 201, message: '', data: null, recordTime: null });

/** How often the lane said yes. */
const lane = vi.hoisted(() => ({ answered: 0, created: 0 }));
vi.mock('../../src/server/fast-lane/fast-lane.ts', async (load) => {
  const original = await load<typeof FastLane>();
  return {
    ...original,
    createFastLane(options: FastLane.FastLaneOptions): FastLane.FastLane {
      lane.created += 1;
      const real = original.createFastLane(options);
      return {
        ...real,
        answer(...request) {
          const isAnswered = real.answer(...request);
          lane.answered += Number(isAnswered);
          return isAnswered;
        },
      };
    },
  };
});

const clock = createTestClock();
const keys = writeKeyFile({ name: 'web', key: 'key-of-web', scopes: ['ops', 'fresh', 'introspect'] });
let upstream: ScriptedUpstream;
let both: readonly [TestGateway, TestGateway];

beforeAll(async () => {
  upstream = await startUpstreamByKol({ none: [replies(200, NO_DATA)] });
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

test(`${runs} generated requests get the same status, headers and body with the lane and without it`, async () => {
  const property = fc.asyncProperty(requests, fc.nat(100), async (sent, seconds) => {
    const [withLane, without] = both;
    // The first may buy, and teaches the lane how yoga answers; the second is the lane's.
    for (let time = 0; time < 2; time += 1) {
      expect(await send(withLane.origin, sent)).toEqual(await send(without.origin, sent));
    }
    clock.advanceMs(seconds * 1000);
  });
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed: Number(seed) }) });
  expect(lane.created, 'only the gateway that has one').toBe(1);
  expect(lane.answered).toBeGreaterThan(runs / 20);
}, 600_000);
