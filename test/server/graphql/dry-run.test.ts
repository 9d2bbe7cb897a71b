import { describe, expect, test } from 'vitest';
import { answers, failsWith, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

const STARS = 'query($ids: [ID!]!) { kols(ids: $ids) { linkIndex { star { value } } } }';
const DRY = { prefer: 'dry-run' };
const HOUR_MS = 3_600_000;

async function ask(gateway: TestGateway, ids: string[], headers: Record<string, string> = {}, query = STARS) {
  const response = await gateway.post({ query, variables: { ids } }, { headers });
  const body = (await response.json()) as {
    data: { kols: ({ linkIndex: object | null } | null)[] };
    errors?: { path: (string | number)[]; extensions: Record<string, unknown> }[];
    extensions?: { account?: Record<string, unknown>[] };
  };
  return { ...body, headers: response.headers };
}

describe('Prefer: dry-run', () => {
  test('buys nothing, answers what is there, and tells the price of the rest', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    await ask(gateway, ['1']);

    const dry = await ask(gateway, ['1', '2', '3', '2'], DRY);
    expect(dry.headers.get('x-would-buy')).toBe('2');
    expect(dry.headers.get('x-billed-calls')).toBe('0');
    expect(dry.headers.get('cache-control')).toBe('no-store');
    expect(dry.data.kols.map((kol) => kol?.linkIndex !== null)).toEqual([true, false, false, false]);
    expect(dry.errors?.map(({ extensions }) => extensions['code'])).toEqual(['WOULD_BUY', 'WOULD_BUY', 'WOULD_BUY']);
    expect(upstream.calls).toHaveLength(1);

    const wet = await ask(gateway, ['1', '2', '3']);
    expect(wet.headers.get('x-billed-calls')).toBe('2');
    expect(wet.headers.has('x-would-buy')).toBe(false);
  });

  test('serves stale in every window, and refreshes nothing', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    await ask(gateway, ['1']);
    for (const ageMs of [2 * HOUR_MS, 48 * HOUR_MS]) {
      gateway.clock.advanceMs(ageMs);
      const dry = await ask(gateway, ['1'], DRY);
      expect(dry.errors).toBeUndefined();
      expect(dry.headers.get('x-would-buy')).toBe('0');
    }
    expect(upstream.calls).toHaveLength(1);
  });

  test('counts a forced read in any case', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    await ask(gateway, ['1']);
    const forced = 'query($ids: [ID!]!) { kols(ids: $ids) { linkIndex(acceptCache: false) { star { value } } } }';
    const dry = await ask(gateway, ['1'], DRY, forced);
    expect(dry.errors).toMatchObject([{ extensions: { code: 'WOULD_BUY' } }]);
    expect(dry.headers.get('x-would-buy')).toBe('1');
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('x-account', () => {
  const accountOf = async (gateway: TestGateway, ids: string[], headers = {}) =>
    (await ask(gateway, ids, { 'x-account': '1', ...headers })).extensions?.account;

  test('tells of each key once where its answer came from', async () => {
    await using upstream = await startScriptedUpstream(failsWith(301), answers);
    await using gateway = await startTestGateway({ upstream });
    expect(await accountOf(gateway, ['1'])).toEqual([
      { id: '1', industryTag: null, source: 'bought', ageSeconds: 0, attempts: 2, milliseconds: 0 },
    ]);
    gateway.clock.advanceMs(5000);
    expect(await accountOf(gateway, ['1', '1'])).toEqual([
      { id: '1', industryTag: null, source: 'memory', ageSeconds: 5, attempts: 0, milliseconds: 0 },
    ]);
    gateway.clock.advanceMs(HOUR_MS);
    expect(await accountOf(gateway, ['1'])).toMatchObject([{ source: 'stale', ageSeconds: 3605 }]);
  });

  test('knows what was shared, remembered as nothing, and failed', async () => {
    await using gateway = await startTestGateway();
    const [first, second] = await Promise.all([accountOf(gateway, ['9']), accountOf(gateway, ['9'])]);
    expect([first?.[0]?.['source'], second?.[0]?.['source']].sort()).toEqual(['bought', 'coalesced']);
    await accountOf(gateway, ['sandbox-201']);
    expect(await accountOf(gateway, ['sandbox-201'])).toMatchObject([{ source: 'negative' }]);
    expect(await accountOf(gateway, ['sandbox-600'])).toMatchObject([{ source: 'failed', attempts: 1 }]);
  });

  test('is not to be kept by anybody on the way', async () => {
    await using gateway = await startTestGateway();
    await ask(gateway, ['1']);
    expect((await ask(gateway, ['1'], { 'x-account': '1' })).headers.get('cache-control')).toBe('no-store');
    expect((await ask(gateway, ['1'])).headers.get('cache-control')).toMatch(/^max-age=\d+$/);
    expect((await ask(gateway, ['1'])).extensions).toBeUndefined();
  });
});
