import { describe, expect, test } from 'vitest';
import { temporaryStorePath } from './support/answer-store-contract.ts';
import {
  answers,
  failsWith,
  replies,
  type ScriptedUpstream,
  startScriptedUpstream,
} from './support/scripted-upstream.ts';
import { createTestClock } from './support/test-clock.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const MONTH_MS = 30 * 86_400_000;
const FIVE_MINUTES_MS = 300_000;
const FRESH_SECONDS = 3600;
const STORES: readonly [name: string, location: () => string][] = [
  ['memory:', () => 'memory:'],
  ['sqlite:', () => `sqlite:${temporaryStorePath()}`],
];

interface Seen {
  readonly freshness?: string;
  readonly fetchedAtMs?: number;
  readonly code?: string;
  readonly maxAge: number;
}

async function read({ post }: TestGateway, acceptCache = true): Promise<Seen> {
  const query = `{ kol(id: "7") { linkIndex(acceptCache: ${acceptCache}) { fetchedAt freshness } } }`;
  const response = await post({ query });
  const { data, errors } = (await response.json()) as {
    data: { kol: { linkIndex: { fetchedAt: string; freshness: string } | null } };
    errors?: { extensions: { code: string } }[];
  };
  const index = data.kol.linkIndex;
  return {
    ...(index && { freshness: index.freshness, fetchedAtMs: Date.parse(index.fetchedAt) }),
    ...(errors?.[0] && { code: errors[0].extensions.code }),
    maxAge: Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1] ?? Number.NaN),
  };
}

const callsOf = ({ calls }: ScriptedUpstream) => calls.length;

describe.each(STORES)('a clock that was ahead and is set right, with %s', (_, location) => {
  test('by a month: the answer is stale, and a newer one takes its place at once', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const clock = createTestClock();
    await using gateway = await startTestGateway({ upstream, clock, env: { CACHE_STORE: location() } });
    clock.setByMs(MONTH_MS);
    expect((await read(gateway)).maxAge).toBe(FRESH_SECONDS);
    clock.setByMs(-MONTH_MS);
    expect(await read(gateway)).toMatchObject({ freshness: 'STALE_REVALIDATING', maxAge: 0 });
    await expect.poll(async () => (await read(gateway)).freshness).toBe('FRESH');
    expect(await read(gateway)).toMatchObject({ fetchedAtMs: clock.nowMs(), maxAge: FRESH_SECONDS });
    expect(callsOf(upstream)).toBe(2);
  });

  test.each([30_000, FIVE_MINUTES_MS, MONTH_MS])(
    'by %i ms: a forced answer is kept, also over a restart',
    async (ms) => {
      await using upstream = await startScriptedUpstream(answers);
      const clock = createTestClock();
      const options = { upstream, clock, env: { CACHE_STORE: location() } };
      const gateway = await startTestGateway(options);
      clock.setByMs(ms);
      await read(gateway);
      clock.setByMs(-ms);
      const forced = await read(gateway, false);
      expect(forced.fetchedAtMs).toBe(clock.nowMs());
      expect(await read(gateway)).toMatchObject({ freshness: 'FRESH', fetchedAtMs: forced.fetchedAtMs });
      expect(callsOf(upstream)).toBe(2);
      await gateway.stop();
      if (options.env.CACHE_STORE === 'memory:') return;
      await using next = await startTestGateway(options);
      expect(await read(next)).toMatchObject({ freshness: 'FRESH', fetchedAtMs: forced.fetchedAtMs });
      expect(callsOf(upstream)).toBe(2);
    },
  );

  test('by a month: "no data" and remembered failures have expired', async () => {
    await using upstream = await startScriptedUpstream(failsWith(201), replies(200, 'no JSON'), answers);
    const clock = createTestClock();
    await using gateway = await startTestGateway({ upstream, clock, env: { CACHE_STORE: location() } });
    clock.setByMs(2 * MONTH_MS);
    expect(await read(gateway)).toEqual({ maxAge: 600 });
    clock.setByMs(-MONTH_MS);
    expect(await read(gateway)).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    expect(await read(gateway)).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    expect(callsOf(upstream)).toBe(2);
    clock.setByMs(-MONTH_MS);
    expect(await read(gateway)).toMatchObject({ freshness: 'FRESH', fetchedAtMs: clock.nowMs() });
    expect(callsOf(upstream)).toBe(3);
  });

  test('in the middle of a call: it takes as long as it takes', async () => {
    const clock = createTestClock();
    await using upstream = await startScriptedUpstream((socket, call) => {
      clock.advanceMs(2000);
      clock.setByMs(-MONTH_MS);
      answers(socket, call);
    });
    await using gateway = await startTestGateway({ upstream, clock, env: { CACHE_STORE: location() } });
    await read(gateway);
    expect(gateway.logText()).toMatch(/"durationMs":2000,.*"msg":"upstream answered"/);
    expect(gateway.logText()).toMatch(/"durationMs":2000,.*"msg":"request answered"/);
  });
});
