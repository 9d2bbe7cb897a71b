import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { behaviourOf } from '../../src/sandbox/magic-ids.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox-server.ts';
import { BLOCK_NAMES, type Block, scoresOf } from '../../src/sandbox/scores.ts';
import { createUpstreamClient } from '../../src/upstream/client.ts';
import { createEndpointChoice, ENDPOINTS } from '../../src/upstream/endpoints.ts';
import { createPaidSource } from '../../src/upstream/source.ts';
import { CACHED } from '../support/requester.ts';

/** As the vendor documents them; written down here once more, so that a mistake in one place shows. */
const KOL_LINK_INFO = '/api/douyin-xingtu/get-kol-link-info/v1';
const AUTHOR_LINK_INFO = '/api/douyin-xingtu/gw/api/data_sp/get_author_link_info/v1';

/** The data of the documented sample, digit for digit. */
const SEED_DATA: unknown = JSON.parse(`{
    "base_resp": { "status_code": 0, "status_message": "" },
    "cooperate_index":
      { "avg_value": 75.6, "link_relative_ratio": -0.0007, "rank": "144843", "rank_percent": 0.0179, "value": 75.67 },
    "cp_index":
      { "avg_value": 64.08, "link_relative_ratio": -0.0036, "rank": "104078", "rank_percent": 0.0128, "value": 66.2 },
    "link_convert_index":
      { "avg_value": 55.31, "link_relative_ratio": 0.0426, "rank": "116767", "rank_percent": 0.0144, "value": 67.01 },
    "link_shopping_index":
      { "avg_value": 53.58, "link_relative_ratio": -0.0738, "rank": "47882", "rank_percent": 0.0059, "value": 73.9 },
    "link_spread_index":
      { "avg_value": 53.29, "link_relative_ratio": -0.0456, "rank": "44183", "rank_percent": 0.0055, "value": 74.25 },
    "link_star_index":
      { "avg_value": 56.48, "link_relative_ratio": -0.0191, "rank": "44031", "rank_percent": 0.0054, "value": 71.41 } }`);

interface Envelope {
  readonly code: number;
  readonly message: string | null;
  readonly data: Readonly<Record<string, Block>> | null;
  readonly recordTime: string;
}

interface TestSandbox extends Sandbox, AsyncDisposable {
  /** Calls with a token, unless the parameters have another. */
  get(path: string, parameters: Record<string, string>): Promise<Response>;
  envelope(path: string, parameters: Record<string, string>): Promise<Envelope>;
}

async function startTestSandbox(): Promise<TestSandbox> {
  const sandbox = await startSandbox({ latencyMs: 0 });
  const get: TestSandbox['get'] = (path, parameters) =>
    fetch(`${sandbox.baseUrl}${path}?${new URLSearchParams({ token: 'any', ...parameters })}`);
  return {
    ...sandbox,
    get,
    envelope: async (path, parameters) => (await (await get(path, parameters)).json()) as Envelope,
    [Symbol.asyncDispose]: sandbox.close,
  };
}

describe('every envelope', () => {
  test.each(['1', 'sandbox-sample', 'sandbox-100', 'sandbox-201'])(
    'has all members that the vendor has: %s',
    async (kolId) => {
      await using sandbox = await startTestSandbox();
      const response = await sandbox.get(KOL_LINK_INFO, { kolId });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
      const { recordTime, ...envelope } = (await response.json()) as Envelope;
      expect(new Date(recordTime).toISOString()).toBe(recordTime);
      const isSuccess = envelope.code === 0;
      expect(envelope).toEqual({
        code: expect.any(Number),
        message: isSuccess ? null : expect.any(String),
        data: isSuccess ? expect.any(Object) : null,
        requestId: expect.any(String),
      });
    },
  );
});

describe('beside the paid calls', () => {
  test('the balance needs a token, and any is a good one', async () => {
    await using sandbox = await startTestSandbox();
    const balance = { balance: '123.4500', currency: 'CNY' };
    expect(await sandbox.envelope('/user/get-balance', {})).toMatchObject({ code: 0, message: null, data: balance });
    expect(await sandbox.envelope('/user/get-balance', { token: '' })).toMatchObject({ code: 100, data: null });
  });

  test.each([KOL_LINK_INFO, AUTHOR_LINK_INFO])(
    'the published example of %s is an envelope of the sample',
    async (api) => {
      await using sandbox = await startTestSandbox();
      const { data } = await sandbox.envelope('/status/api-example/detail', { api, token: '' });
      expect(data).toEqual({
        ...{ api, checkedAt: expect.stringMatching(/^\d{4}-/), synthetic: true },
        example: {
          ...{ code: 0, message: null, data: SEED_DATA },
          ...{ recordTime: expect.any(String), requestId: expect.any(String) },
        },
      });
    },
  );

  test.each([{}, { api: '' }, { api: '/ping' }])('there is no example of %j', async (parameters) => {
    await using sandbox = await startTestSandbox();
    expect(await sandbox.envelope('/status/api-example/detail', parameters)).toMatchObject({ code: 400, data: null });
  });
});

describe('a magic id', () => {
  test.each<[string, number, string]>([
    ['sandbox-100', 100, 'Invalid or Inactive Token'],
    ['sandbox-201', 201, 'No Content Available'],
    ['sandbox-300', 300, 'API Invalid'],
    ['sandbox-301', 301, 'Collection Failed. Please Retry.'],
    ['sandbox-302', 302, 'Rate Limit Exceeded'],
    ['sandbox-303', 303, 'Daily Quota Exceeded'],
    ['sandbox-400', 400, 'Invalid Parameters'],
    ['sandbox-500', 500, 'Internal Server Error'],
    ['sandbox-600', 600, 'Permission Denied'],
    ['sandbox-601', 601, 'Insufficient Balance'],
    ['sandbox-602', 602, 'Token Spending Limit Reached'],
  ])('%s fails with business code %d on both endpoints', async (id, code, message) => {
    await using sandbox = await startTestSandbox();
    const expected = expect.objectContaining({ code, message, data: null });
    expect(await sandbox.envelope(KOL_LINK_INFO, { kolId: id })).toEqual(expected);
    expect(await sandbox.envelope(AUTHOR_LINK_INFO, { oAuthorId: id })).toEqual(expected);
  });

  test("sandbox-sample gives exactly the seed's sample, in every industry", async () => {
    await using sandbox = await startTestSandbox();
    const calls: [string, Record<string, string>][] = [
      [KOL_LINK_INFO, { kolId: 'sandbox-sample' }],
      [KOL_LINK_INFO, { kolId: 'sandbox-sample', industryTag: 'GAMES', acceptCache: 'true' }],
      [AUTHOR_LINK_INFO, { oAuthorId: 'sandbox-sample', industryTag: 'GAMES', platform: 'PICTURE_TEXT' }],
    ];
    const envelopes = await Promise.all(calls.map(([path, parameters]) => sandbox.envelope(path, parameters)));
    expect(envelopes.map(({ code, data }) => ({ code, data }))).toEqual(
      calls.map(() => ({ code: 0, data: SEED_DATA })),
    );
  });

  test('sandbox-missing-block leaves one index out', async () => {
    await using sandbox = await startTestSandbox();
    const { link_star_index: _, ...others } = SEED_DATA as Record<string, unknown>;
    expect((await sandbox.envelope(KOL_LINK_INFO, { kolId: 'sandbox-missing-block' })).data).toEqual(others);
  });

  test('sandbox-not-ranked has scores without ranks', async () => {
    await using sandbox = await startTestSandbox();
    const { data } = await sandbox.envelope(KOL_LINK_INFO, { kolId: 'sandbox-not-ranked' });
    for (const name of BLOCK_NAMES) {
      const sample = (SEED_DATA as Record<string, object>)[name];
      expect(data?.[name]).toEqual({ ...sample, rank: '-1', rank_percent: -1 });
    }
  });

  test('sandbox-html is no JSON', async () => {
    await using sandbox = await startTestSandbox();
    const response = await sandbox.get(KOL_LINK_INFO, { kolId: 'sandbox-html' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });

  test('sandbox-cut breaks off in mid-body', async () => {
    await using sandbox = await startTestSandbox();
    const response = await sandbox.get(KOL_LINK_INFO, { kolId: 'sandbox-cut' });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  test('sandbox-slow takes 5 s and gives the sample', () => {
    const sample = behaviourOf('sandbox-sample', '');
    expect(behaviourOf('sandbox-slow', '')).toEqual({ ...sample, latencyMs: 5000 });
  });

  test.each(['sandbox-999', 'sandbox-1000', 'xsandbox-100', 'SANDBOX-100', 'sandbox-', '__proto__', 'constructor'])(
    '%s is none: it has scores like any other id',
    (id) => {
      expect(behaviourOf(id, 'GAMES')).toEqual({ kind: 'answer', blocks: scoresOf(id, 'GAMES') });
    },
  );
});

describe('the call', () => {
  test('/ping answers without a token', async () => {
    await using sandbox = await startTestSandbox();
    const response = await fetch(`${sandbox.baseUrl}/ping`);
    expect([response.status, await response.text()]).toEqual([200, 'pong']);
  });

  test.each([KOL_LINK_INFO, AUTHOR_LINK_INFO])('to %s without a token gets code 100', async (path) => {
    await using sandbox = await startTestSandbox();
    const urls = [
      `${sandbox.baseUrl}${path}?kolId=1&oAuthorId=1`,
      `${sandbox.baseUrl}${path}?kolId=1&oAuthorId=1&token=`,
    ];
    const envelopes = await Promise.all(urls.map(async (url) => (await (await fetch(url)).json()) as Envelope));
    expect(envelopes.map(({ code, data }) => [code, data])).toEqual(urls.map(() => [100, null]));
  });

  test.each<[string, string, Record<string, string>]>([
    ['no KOL', KOL_LINK_INFO, {}],
    ['an empty KOL', KOL_LINK_INFO, { kolId: '' }],
    ["the successor's name of the KOL", KOL_LINK_INFO, { oAuthorId: '1' }],
    ['an acceptCache that is no boolean', KOL_LINK_INFO, { kolId: '1', acceptCache: 'yes' }],
    ['no author', AUTHOR_LINK_INFO, {}],
    ['the old name of the author', AUTHOR_LINK_INFO, { kolId: '1' }],
    ['an unknown industry', AUTHOR_LINK_INFO, { oAuthorId: '1', industryTag: 'SPACE_TRAVEL' }],
    ['an industry in lower case', AUTHOR_LINK_INFO, { oAuthorId: '1', industryTag: 'games' }],
    ['an empty industry', AUTHOR_LINK_INFO, { oAuthorId: '1', industryTag: '' }],
    ['an unknown platform', AUTHOR_LINK_INFO, { oAuthorId: '1', platform: 'RADIO' }],
  ])('with %s gets code 400', async (_, path, parameters) => {
    await using sandbox = await startTestSandbox();
    expect(await sandbox.envelope(path, parameters)).toMatchObject({ code: 400, data: null });
  });

  test.each([...(ENDPOINTS['author-link-info'].industryTags ?? [])])(
    'to the successor may name the industry %s',
    async (industryTag) => {
      await using sandbox = await startTestSandbox();
      expect(await sandbox.envelope(AUTHOR_LINK_INFO, { oAuthorId: '1', industryTag })).toMatchObject({ code: 0 });
    },
  );

  test('to any other path is HTTP 404', async () => {
    await using sandbox = await startTestSandbox();
    const paths = ['/', '/api/douyin-xingtu/get-kol-link-info/v2', `${KOL_LINK_INFO}/`];
    const responses = await Promise.all(paths.map((path) => sandbox.get(path, { kolId: '1' })));
    expect(responses.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  test.each(Object.values(ENDPOINTS))('of the gateway to $name is understood', async (endpoint) => {
    await using sandbox = await startTestSandbox();
    const client = createUpstreamClient({ ...sandbox, token: () => 'any', timeoutMs: 10_000, keepAlive: false });
    const source = createPaidSource({
      client,
      endpoints: createEndpointChoice(endpoint.name),
      clock: () => 0,
      steadyMs: () => 0,
    });
    const read = async (kolId: string, industryTag: string) => {
      const outcome = await source.read({ kolId, industryTag }, CACHED);
      return outcome.kind === 'answer' ? outcome.scores.star?.value : outcome;
    };
    expect(await read('sandbox-sample', '')).toBe(71.41);
    expect(await read('1', '')).toBe(scoresOf('1', '').link_star_index.value);
    expect(await read('1', 'GAMES')).toBe(scoresOf('1', 'GAMES').link_star_index.value);
    expect(await read('sandbox-cut', '')).toMatchObject({ error: { code: 'UPSTREAM_OUTCOME_UNKNOWN' } });
    await client.close();
  });
});

describe('scores', () => {
  test('are the same at every call, in every sandbox and on both endpoints', async () => {
    const dataOf = async (sandbox: TestSandbox, industry: Record<string, string>) => [
      (await sandbox.envelope(KOL_LINK_INFO, { kolId: '7', ...industry })).data,
      (await sandbox.envelope(AUTHOR_LINK_INFO, { oAuthorId: '7', ...industry })).data,
    ];
    await using one = await startTestSandbox();
    await using other = await startTestSandbox();
    for (const industry of [{}, { industryTag: 'GAMES' }]) {
      const [first, ...rest] = [
        ...(await dataOf(one, industry)),
        ...(await dataOf(one, industry)),
        ...(await dataOf(other, industry)),
      ];
      expect(first).toMatchObject(scoresOf('7', 'industryTag' in industry ? 'GAMES' : ''));
      expect(rest).toEqual(rest.map(() => first));
    }
  });

  test('for ALL on the successor are those for no industry', async () => {
    await using sandbox = await startTestSandbox();
    const { data } = await sandbox.envelope(AUTHOR_LINK_INFO, { oAuthorId: '7', industryTag: 'ALL' });
    expect(data).toEqual((await sandbox.envelope(KOL_LINK_INFO, { kolId: '7' })).data);
  });

  test('differ by KOL and by industry', () => {
    const ids = Array.from({ length: 200 }, (_, index) => String(index));
    const distinct = new Set(
      ids.flatMap((id) => [scoresOf(id, ''), scoresOf(id, 'GAMES')].map((it) => JSON.stringify(it))),
    );
    expect(distinct.size).toBe(400);
  });

  const anyScores = fc.tuple(fc.string(), fc.constantFrom('', 'GAMES', 'x')).map((key) => scoresOf(...key));

  test('are plausible for any KOL in any industry', () => {
    fc.assert(
      fc.property(anyScores, (blocks) => {
        expect(Object.keys(blocks)).toEqual([...BLOCK_NAMES]);
        for (const block of Object.values(blocks)) expectPlausible(block);
      }),
      { numRuns: 500 },
    );
  });

  test('that are higher never have a worse rank', () => {
    const anyId = fc.string();
    fc.assert(
      fc.property(anyId, anyId, fc.constantFrom(...BLOCK_NAMES), (one, other, name) => {
        const [higher, lower] = [scoresOf(one, '')[name], scoresOf(other, '')[name]].sort((a, b) => b.value - a.value);
        if (higher === undefined || lower === undefined || higher.value === lower.value) return;
        expect(Number(higher.rank)).toBeLessThanOrEqual(Number(lower.rank));
        expect(higher.rank_percent).toBeLessThanOrEqual(lower.rank_percent);
      }),
      { numRuns: 500 },
    );
  });

  function expectPlausible(block: Block): void {
    for (const score of [block.value, block.avg_value]) {
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThanOrEqual(100);
      expect(score).toBeCloseTo(Number(score.toFixed(2)), 10);
    }
    expect(Math.abs(block.value - block.avg_value)).toBeLessThanOrEqual(20);
    expect(Math.abs(block.link_relative_ratio)).toBeLessThanOrEqual(0.1);
    expect(block.rank).toMatch(/^[1-9]\d{0,6}$/);
    expect(block.rank_percent).toBeGreaterThanOrEqual(0);
    expect(block.rank_percent).toBeLessThanOrEqual(1);
    // The two say the same: a share of about eight million.
    expect(Math.abs(Number(block.rank) / 8_100_000 - block.rank_percent)).toBeLessThan(0.0001);
  }
});
