import { describe, expect, test } from 'vitest';
import { ALL_OF, IDS_ONLY, STAR_OF, STARS_OF } from './operations.ts';
import {
  answers,
  envelopeFor,
  failsWith,
  held,
  replies,
  starOf,
  startScriptedUpstream,
} from './support/scripted-upstream.ts';
import { CANARY_TOKEN, startTestGateway } from './support/test-gateway.ts';

const HOUR_MS = 3_600_000;

test('all six indices arrive with the values that the upstream gave', async () => {
  const body = {
    code: 0,
    message: null,
    recordTime: '2026-08-01T00:00:00Z',
    data: {
      base_resp: { status_code: 0, status_message: '' },
      cooperate_index: { avg_value: 61.5, link_relative_ratio: 0, rank: '1', rank_percent: 0.0001, value: 100 },
      cp_index: { avg_value: '64.08', link_relative_ratio: -1, rank: 104078, rank_percent: '0.0128', value: 0 },
      link_convert_index: { avg_value: 55.31, link_relative_ratio: 0.0426, rank: '-1', rank_percent: -1, value: 67.01 },
      link_shopping_index: 'none',
      link_star_index: { avg_value: null, rank: '2147483648', value: 71.41 },
    },
  };
  await using upstream = await startScriptedUpstream(replies(200, JSON.stringify(body)));
  await using gateway = await startTestGateway({ upstream });
  const { data, errors } = await gateway.query(ALL_OF, { id: '7094876543210987654' });
  expect(errors).toBeUndefined();
  expect(data?.kol?.linkIndex).toEqual({
    cooperate: { value: 100, avgValue: 61.5, linkRelativeRatio: 0, rank: 1, rankPercent: 0.0001 },
    cp: { value: 0, avgValue: 64.08, linkRelativeRatio: -1, rank: 104078, rankPercent: 0.0128 },
    convert: { value: 67.01, avgValue: 55.31, linkRelativeRatio: 0.0426, rank: null, rankPercent: null },
    shopping: null,
    spread: null,
    star: { value: 71.41, avgValue: null, linkRelativeRatio: null, rank: null, rankPercent: null },
    fetchedAt: '2026-01-02T03:04:05.678Z',
    freshness: 'FRESH',
  });
  expect(upstream.calls[0]?.path).toBe('/api/douyin-xingtu/get-kol-link-info/v1');
  expect(Object.fromEntries(upstream.calls[0]?.parameters ?? [])).toEqual({
    token: CANARY_TOKEN,
    kolId: '7094876543210987654',
    acceptCache: 'true',
  });
});

describe('what is bought', () => {
  test('a hundred concurrent requests for one KOL make one call', async () => {
    const hold = held();
    await using upstream = await startScriptedUpstream(hold);
    await using gateway = await startTestGateway({ upstream });
    const requests = Array.from({ length: 100 }, () => gateway.query(STAR_OF, { id: '7' }));
    await upstream.received(1);
    upstream.release();
    for (const { data } of await Promise.all(requests)) expect(data?.kol?.linkIndex?.star?.value).toBe(starOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });

  test('a list keeps its order and buys each KOL once', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const ids = ['3', '1', '3', '2', '1'];
    const { data } = await gateway.query(STARS_OF, { ids });
    expect(data?.kols.map((kol) => [kol?.id, kol?.linkIndex?.star?.value])).toEqual(ids.map((id) => [id, starOf(id)]));
    expect(upstream.calls.map(({ parameters }) => parameters.get('kolId')).sort()).toEqual(['1', '2', '3']);
  });

  test('an id alone buys nothing', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const { data } = await gateway.query(IDS_ONLY, { ids: ['1', '2'] });
    expect(data).toEqual({ kols: [{ id: '1' }, { id: '2' }] });
    expect(upstream.calls).toHaveLength(0);
  });

  test('what was bought is served until its fresh lifetime ends', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    await gateway.query(STAR_OF, { id: '7' });
    gateway.clock.advanceMs(HOUR_MS - 1);
    await gateway.query(STAR_OF, { id: '7' });
    expect(upstream.calls).toHaveLength(1);
    gateway.clock.advanceMs(1);
    const { data } = await gateway.query(STAR_OF, { id: '7' });
    expect(data?.kol?.linkIndex?.freshness).toBe('STALE_REVALIDATING');
    await upstream.received(2);
  });

  test('a cached KOL is answered while another is still being bought', async () => {
    await using upstream = await startScriptedUpstream(answers, held());
    await using gateway = await startTestGateway({ upstream });
    await gateway.query(STAR_OF, { id: 'hit' });
    const miss = gateway.query(STAR_OF, { id: 'miss' });
    await upstream.received(2);
    const { data } = await gateway.query(STAR_OF, { id: 'hit' });
    expect(data?.kol?.linkIndex?.star?.value).toBe(starOf('hit'));
    upstream.release();
    await miss;
  });

  test('acceptCache: false buys anew, says so upstream, and stores the answer', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    await gateway.query(STARS_OF, { ids: ['7'] });
    await gateway.query(STARS_OF, { ids: ['7'], acceptCache: false });
    await gateway.query(STARS_OF, { ids: ['7'] });
    expect(upstream.calls.map(({ parameters }) => parameters.get('acceptCache'))).toEqual(['true', 'false']);
  });

  test('an omitted, null or empty tag is one purchase, another tag is another', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    for (const industryTag of [undefined, null, '', 'GAMES', 'games'])
      await gateway.query(STARS_OF, { ids: ['7'], industryTag });
    expect(upstream.calls.map(({ parameters }) => parameters.get('industryTag'))).toEqual([null, 'GAMES', 'games']);
  });

  test('the successor endpoint is asked in its own words', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { JUSTONEAPI_ENDPOINT: 'author-link-info' } });
    await gateway.query(STARS_OF, { ids: ['7'], industryTag: 'GAMES' });
    expect(upstream.calls[0]?.path).toBe('/api/douyin-xingtu/gw/api/data_sp/get_author_link_info/v1');
    expect(Object.fromEntries(upstream.calls[0]?.parameters ?? [])).toEqual({
      token: CANARY_TOKEN,
      oAuthorId: '7',
      industryTag: 'GAMES',
    });
  });
});

describe('what goes wrong', () => {
  test.each<[number, string, boolean]>([
    [100, 'UPSTREAM_TOKEN_INVALID', false],
    [300, 'UPSTREAM_ENDPOINT_GONE', false],
    [301, 'UPSTREAM_COLLECTION_FAILED', true],
    [302, 'UPSTREAM_RATE_LIMITED', true],
    [303, 'UPSTREAM_QUOTA_EXCEEDED', true],
    [400, 'BAD_USER_INPUT', false],
    [404, 'UPSTREAM_ENDPOINT_GONE', false],
    [500, 'UPSTREAM_INTERNAL_ERROR', true],
    [503, 'UPSTREAM_INTERNAL_ERROR', true],
    [600, 'UPSTREAM_PERMISSION_DENIED', false],
    [601, 'UPSTREAM_BALANCE_INSUFFICIENT', false],
    [602, 'UPSTREAM_TOKEN_LIMIT_REACHED', false],
    [999, 'UPSTREAM_BAD_RESPONSE', false],
  ])('business code %i is %s', async (upstreamCode, code, retryable) => {
    await using upstream = await startScriptedUpstream(failsWith(upstreamCode));
    await using gateway = await startTestGateway({ upstream });
    const { data, errors } = await gateway.query(STAR_OF, { id: '7' });
    expect(data).toEqual({ kol: { id: '7', linkIndex: null } });
    expect(errors).toEqual([
      {
        message: expect.any(String),
        locations: expect.anything(),
        path: ['kol', 'linkIndex'],
        extensions: {
          code,
          retryable,
          upstreamCode,
          requestId: expect.any(String),
          kolId: '7',
          ...(upstreamCode === 302 && { retryAfterSeconds: 1 }),
        },
      },
    ]);
  });

  test('"no such data" is null without an error, and is remembered', async () => {
    await using upstream = await startScriptedUpstream(failsWith(201));
    await using gateway = await startTestGateway({ upstream });
    for (const _ of [1, 2]) {
      expect(await gateway.query(STAR_OF, { id: '7' })).toEqual({ data: { kol: { id: '7', linkIndex: null } } });
    }
    expect(upstream.calls).toHaveLength(1);
  });

  test('one failed KOL harms no other', async () => {
    await using upstream = await startScriptedUpstream((socket, call) =>
      (call.parameters.get('kolId') === 'bad' ? failsWith(301) : answers)(socket, call),
    );
    await using gateway = await startTestGateway({ upstream });
    const { data, errors } = await gateway.query(STARS_OF, { ids: ['1', 'bad', 'not valid', '2'] });
    expect(data?.kols.map((kol) => kol?.linkIndex?.star?.value)).toEqual([
      starOf('1'),
      undefined,
      undefined,
      starOf('2'),
    ]);
    expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([
      ['kols.2', 'BAD_USER_INPUT'],
      ['kols.1.linkIndex', 'UPSTREAM_COLLECTION_FAILED'],
    ]);
  });

  test.each(['', 'a b', 'x'.repeat(65), 'a&token=b', '../x', 'é', '\0', 'a\r\nb', '\ud800'])(
    'the bad id or tag %j never reaches the upstream',
    async (text) => {
      await using upstream = await startScriptedUpstream(answers);
      await using gateway = await startTestGateway({ upstream });
      const kol = await gateway.query(STAR_OF, { id: text });
      expect(kol).toMatchObject({ data: { kol: null }, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
      if (text !== '') {
        const tagged = await gateway.query(STARS_OF, { ids: ['7'], industryTag: text });
        expect(tagged.data).toEqual({ kols: [{ id: '7', linkIndex: null }] });
        expect(tagged.errors).toMatchObject([
          { extensions: { code: 'BAD_USER_INPUT' }, path: ['kols', 0, 'linkIndex'] },
        ]);
      }
      expect(upstream.calls).toHaveLength(0);
    },
  );

  test('a cut-off answer may have been billed, so it is remembered and not bought again by a reload', async () => {
    await using upstream = await startScriptedUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"code":0', () => socket.destroy());
    });
    await using gateway = await startTestGateway({ upstream });
    for (const _ of [1, 2]) {
      const { errors } = await gateway.query(STAR_OF, { id: '7' });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_OUTCOME_UNKNOWN', retryable: false });
    }
    expect(upstream.calls).toHaveLength(1);
  });
});

test('stopping answers what is open and finishes what is being bought', async () => {
  await using upstream = await startScriptedUpstream(held());
  const gateway = await startTestGateway({ upstream });
  const open = gateway.query(STAR_OF, { id: '7' });
  await upstream.received(1);
  const stopped = gateway.stop();
  await expect(fetch(`${gateway.origin}/livez`)).rejects.toThrow();
  upstream.release();
  expect((await open).data?.kol?.linkIndex?.star?.value).toBe(starOf('7'));
  await stopped;
});

test.each(['true', 'false'])(
  'an answer that is open at a stop says that its connection ends: FAST_LANE=%s',
  async (FAST_LANE) => {
    await using upstream = await startScriptedUpstream(answers, held());
    const gateway = await startTestGateway({ upstream, env: { FAST_LANE } });
    const ask = (id: string) => gateway.post({ query: STAR_OF.toString(), variables: { id } });
    expect((await ask('1')).headers.get('connection')).toBe('keep-alive');
    const open = ask('7');
    await upstream.received(2);
    const stopped = gateway.stop();
    upstream.release();
    expect((await open).headers.get('connection')).toBe('close');
    await stopped;
  },
);

test('a client that leaves ends its wait, not the purchase', async () => {
  await using upstream = await startScriptedUpstream(held());
  await using gateway = await startTestGateway({ upstream });
  const leaving = new AbortController();
  const left = gateway.query(STAR_OF, { id: '7' }, { signal: leaving.signal });
  await upstream.received(1);
  leaving.abort();
  await expect(left).rejects.toThrow();
  upstream.release();
  expect((await gateway.query(STAR_OF, { id: '7' })).data?.kol?.linkIndex?.star?.value).toBe(starOf('7'));
  expect(upstream.calls).toHaveLength(1);
});

test('the token is in no response and no log line, at the most talkative level', async () => {
  const faults = [
    replies(200, `{"code":100,"message":"bad token ${CANARY_TOKEN}"}`),
    replies(200, `<html>${CANARY_TOKEN}</html>`),
    replies(302, '', { location: `http://127.0.0.1:1/?token=${CANARY_TOKEN}` }),
    replies(500, CANARY_TOKEN),
    replies(200, JSON.stringify({ ...envelopeFor('7'), code: CANARY_TOKEN })),
  ] as const;
  let seen = '';
  for (const fault of faults) {
    await using upstream = await startScriptedUpstream(fault);
    await using gateway = await startTestGateway({ upstream });
    const response = await gateway.post({ query: STAR_OF.toString(), variables: { id: '7' } });
    seen += JSON.stringify([...response.headers]) + (await response.text()) + gateway.logText();
    expect(upstream.calls).toHaveLength(1);
  }
  expect(seen).toContain('UPSTREAM_TOKEN_INVALID');
  const forms = [CANARY_TOKEN, encodeURIComponent(CANARY_TOKEN), btoa(CANARY_TOKEN), CANARY_TOKEN.slice(0, 8)];
  for (const form of forms) expect(seen).not.toContain(form);
});
