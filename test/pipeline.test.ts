import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { IDS_ONLY, STAR_OF, STARS_OF } from './operations.ts';
import { answers, failsWith, held, replies, starOf, startScriptedUpstream } from './support/scripted-upstream.ts';
import { createTestClock } from './support/test-clock.ts';
import { type GraphResult, startTestGateway, type TestGateway } from './support/test-gateway.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The extensions of the first error, and the one star that was asked for. */
async function readStar(gateway: TestGateway, id: string, init?: RequestInit) {
  const { data, errors } = await gateway.query(STAR_OF, { id }, init);
  const linkIndex = data?.kol?.linkIndex;
  return { star: linkIndex?.star?.value, freshness: linkIndex?.freshness, error: errors?.[0]?.extensions };
}

describe('the wait of a request', () => {
  test('ends with Prefer: wait, while the purchase goes on and is free a moment later', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using gateway = await startTestGateway({ upstream });
    const waiting = readStar(gateway, '7', { headers: { prefer: 'wait=2' } });
    await upstream.received(1);
    gateway.clock.advanceMs(2000);
    expect(await waiting).toMatchObject({
      star: undefined,
      error: { code: 'UPSTREAM_PENDING', retryable: true, retryAfterSeconds: 1 },
    });
    const other = readStar(gateway, '7');
    upstream.release();
    expect(await other).toMatchObject({ star: starOf('7') });
    expect(await readStar(gateway, '7', { headers: { prefer: 'wait=0' } })).toMatchObject({ star: starOf('7') });
    expect(upstream.calls).toHaveLength(1);
  });

  test.each(['true', 'false'])(
    'of a forced read ends without an invitation to buy again, and says how to read what it bought (fast lane: %s)',
    async (hasFastLane) => {
      await using upstream = await startScriptedUpstream(answers, held());
      await using gateway = await startTestGateway({ upstream, env: { FAST_LANE: hasFastLane } });
      // Without default values, so that the fast lane learns it.
      const query =
        'query($id: ID!, $acceptCache: Boolean!) { kol(id: $id) { linkIndex(acceptCache: $acceptCache) { star { value } } } }';
      const read = async (acceptCache: boolean, id = '7') => {
        const response = await gateway.post(
          { query, variables: { id, acceptCache } },
          { headers: { prefer: 'wait=1' } },
        );
        return (await response.json()) as GraphResult<{ kol: { linkIndex: { star: { value: number } } | null } }>;
      };
      await read(true, '1');
      const forced = [read(false), read(false)];
      await upstream.received(2);
      // Each has begun to wait.
      await expect.poll(() => gateway.clock.pending).toBe(2);
      gateway.clock.advanceMs(1000);
      for (const { data, errors } of await Promise.all(forced)) {
        expect(data).toEqual({ kol: { linkIndex: null } });
        expect(errors).toMatchObject([
          {
            message: expect.stringContaining('without acceptCache: false'),
            extensions: { code: 'UPSTREAM_PENDING', retryable: false },
          },
        ]);
      }
      // What the message says to do.
      const joined = read(true);
      upstream.release();
      const star = { data: { kol: { linkIndex: { star: { value: starOf('7') } } } } };
      expect(await joined).toMatchObject(star);
      expect(await read(true)).toMatchObject(star);
      expect(upstream.calls).toHaveLength(2);
    },
  );

  test.each([
    [{}, 70_000],
    [{ prefer: 'wait=soon' }, 70_000],
    [{ prefer: 'wait=9999' }, 70_000],
    [{ prefer: 'return=minimal, wait=3' }, 3000],
  ])('with %j is over after %i ms', async (headers, waitMs) => {
    await using upstream = await startScriptedUpstream(held());
    await using gateway = await startTestGateway({ upstream });
    let isOver = false;
    const waiting = readStar(gateway, '7', { headers }).finally(() => {
      isOver = true;
    });
    await upstream.received(1);
    gateway.clock.advanceMs(waitMs - 1);
    await fetch(`${gateway.origin}/livez`);
    expect(isOver).toBe(false);
    gateway.clock.advanceMs(1);
    expect((await waiting).error).toMatchObject({ code: 'UPSTREAM_PENDING' });
    upstream.release();
  });

  test('leaves no timer behind', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    await readStar(gateway, '7');
    await readStar(gateway, '7');
    expect(gateway.clock.pending).toBe(0);
  });
});

describe('stale on purpose', () => {
  test('the second window answers at once, and refreshes once behind any number of readers', async () => {
    await using upstream = await startScriptedUpstream(answers, held());
    await using gateway = await startTestGateway({ upstream });
    await readStar(gateway, '7');
    gateway.clock.advanceMs(HOUR_MS);
    for (const _ of [1, 2, 3]) expect(await readStar(gateway, '7')).toMatchObject({ freshness: 'STALE_REVALIDATING' });
    await upstream.received(2);
    upstream.release();
    await expect.poll(async () => (await readStar(gateway, '7')).freshness).toBe('FRESH');
    expect(upstream.calls.map(({ parameters }) => parameters.get('acceptCache'))).toEqual(['true', 'false']);
  });

  test('a refresh that fails is not tried again for 30 s, whatever the number of readers', async () => {
    await using upstream = await startScriptedUpstream(
      answers,
      failsWith(301),
      failsWith(301),
      failsWith(301),
      answers,
    );
    await using gateway = await startTestGateway({ upstream });
    await readStar(gateway, '7');
    gateway.clock.advanceMs(HOUR_MS);
    await readStar(gateway, '7');
    await upstream.received(4);
    const freshness = async () => (await readStar(gateway, '7')).freshness;
    await expect.poll(freshness).toBe('STALE_UPSTREAM_FAILED');
    gateway.clock.advanceMs(29_000);
    expect(await freshness()).toBe('STALE_UPSTREAM_FAILED');
    expect(upstream.calls).toHaveLength(4);
    gateway.clock.advanceMs(1001);
    expect(await freshness()).toBe('STALE_REVALIDATING');
    await upstream.received(5);
  });

  test('the third window serves stale only where the upstream brings nothing', async () => {
    await using upstream = await startScriptedUpstream(answers, failsWith(601), answers);
    await using gateway = await startTestGateway({ upstream });
    await readStar(gateway, '7');
    gateway.clock.advanceMs(DAY_MS);
    expect(await readStar(gateway, '7')).toMatchObject({ star: starOf('7'), freshness: 'STALE_UPSTREAM_FAILED' });
    expect(await readStar(gateway, '8')).toMatchObject({ error: { code: 'UPSTREAM_PAUSED' } });
    gateway.clock.advanceMs(31_000);
    expect(await readStar(gateway, '7')).toMatchObject({ star: starOf('7'), freshness: 'FRESH' });
    expect(upstream.calls).toHaveLength(3);
  });

  test('the third window waits as long as the request does, then serves stale', async () => {
    await using upstream = await startScriptedUpstream(answers, held());
    await using gateway = await startTestGateway({ upstream });
    await readStar(gateway, '7');
    gateway.clock.advanceMs(DAY_MS);
    const waiting = readStar(gateway, '7', { headers: { prefer: 'wait=1' } });
    await upstream.received(2);
    gateway.clock.advanceMs(1000);
    expect(await waiting).toMatchObject({ star: starOf('7'), freshness: 'STALE_REVALIDATING', error: undefined });
    upstream.release();
  });

  test('beyond all windows an answer is gone', async () => {
    await using upstream = await startScriptedUpstream(answers, failsWith(601));
    await using gateway = await startTestGateway({ upstream });
    await readStar(gateway, '7');
    gateway.clock.advanceMs(8 * DAY_MS);
    expect(await readStar(gateway, '7')).toMatchObject({
      star: undefined,
      error: { code: 'UPSTREAM_BALANCE_INSUFFICIENT' },
    });
  });
});

describe('the budget', () => {
  test('buys so many a UTC day, and serves what is cached beyond it', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { UPSTREAM_DAILY_BUDGET: '2' } });
    const { errors } = await gateway.query(STARS_OF, { ids: ['1', '2', '3'] });
    expect(errors?.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'BUDGET_EXHAUSTED', retryable: true, retryAfterSeconds: 75_355 },
    ]);
    expect(await readStar(gateway, '1')).toMatchObject({ star: starOf('1') });
    gateway.clock.advanceMs(75_355_000);
    expect(await readStar(gateway, '3')).toMatchObject({ star: starOf('3') });
    expect(upstream.calls).toHaveLength(3);
  });

  test('gets back what turned out unbilled, and not what is unknown', async () => {
    await using upstream = await startScriptedUpstream(failsWith(400), replies(200, 'no JSON'), answers);
    await using gateway = await startTestGateway({ upstream, env: { UPSTREAM_DAILY_BUDGET: '2' } });
    expect((await readStar(gateway, '1')).error).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect((await readStar(gateway, '2')).error).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    expect(await readStar(gateway, '3')).toMatchObject({ star: starOf('3') });
    expect((await readStar(gateway, '4')).error).toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  });

  test('that has room again lets a stale answer be refreshed within 30 s, and not only the next day', async () => {
    await using upstream = await startScriptedUpstream(answers, held(failsWith(400)), answers);
    await using gateway = await startTestGateway({ upstream, env: { UPSTREAM_DAILY_BUDGET: '2' } });
    await readStar(gateway, 'a');
    gateway.clock.advanceMs(HOUR_MS);
    const holding = readStar(gateway, 'b');
    await upstream.received(2);
    await readStar(gateway, 'a');
    await expect.poll(async () => (await readStar(gateway, 'a')).freshness).toBe('STALE_UPSTREAM_FAILED');
    upstream.release();
    expect((await holding).error).toMatchObject({ code: 'BAD_USER_INPUT' });
    gateway.clock.advanceMs(31_000);
    expect((await readStar(gateway, 'a')).freshness).toBe('STALE_REVALIDATING');
    await upstream.received(3);
  });

  test('of 0 buys nothing', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { UPSTREAM_DAILY_BUDGET: '0' } });
    expect((await readStar(gateway, '1')).error).toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    expect(upstream.calls).toHaveLength(0);
  });
});

describe('response headers', () => {
  const headersOf = async (gateway: TestGateway, ids: string[], init?: RequestInit, acceptCache = true) => {
    const body = { query: STARS_OF.toString(), variables: { ids, acceptCache } };
    const { headers } = await gateway.post(body, init);
    return {
      cacheControl: headers.get('cache-control'),
      billed: headers.get('x-billed-calls'),
      vary: headers.get('vary'),
    };
  };

  test('tell the smallest remaining freshness and what the request bought', async () => {
    await using upstream = await startScriptedUpstream(answers, answers, failsWith(201), answers);
    await using gateway = await startTestGateway({ upstream });
    const vary = 'Accept, Origin, Authorization, x-api-key, Prefer';
    expect(await headersOf(gateway, ['1', '2'])).toEqual({ cacheControl: 'max-age=3600', billed: '2', vary });
    gateway.clock.advanceMs(60_500);
    expect(await headersOf(gateway, ['1'])).toMatchObject({ cacheControl: 'max-age=3539', billed: '0' });
    expect(await headersOf(gateway, ['1', 'none'])).toMatchObject({ cacheControl: 'max-age=600', billed: '1' });
    expect(await headersOf(gateway, ['1'], {}, false)).toMatchObject({ cacheControl: 'no-store', billed: '1' });
    expect(await headersOf(gateway, ['1', 'not valid'])).toMatchObject({ cacheControl: 'no-store', billed: '0' });
    gateway.clock.advanceMs(2 * HOUR_MS);
    expect(await headersOf(gateway, ['2'])).toMatchObject({ cacheControl: 'max-age=0', billed: '0' });
  });

  test('forbid to keep an answer without scores', async () => {
    await using gateway = await startTestGateway();
    const { headers } = await gateway.post({ query: IDS_ONLY.toString(), variables: { ids: ['1'] } });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('charge a shared purchase to the request that led it', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using gateway = await startTestGateway({ upstream });
    const requests = Array.from({ length: 5 }, () => headersOf(gateway, ['7']));
    await upstream.received(1);
    upstream.release();
    const billed = (await Promise.all(requests)).map((headers) => headers.billed);
    expect(billed.toSorted()).toEqual(['0', '0', '0', '0', '1']);
  });

  test('let a GET be revalidated without its body', async () => {
    await using gateway = await startTestGateway();
    const url = `${gateway.origin}/graphql?query={kol(id:"1"){linkIndex{star{value}}}}`;
    const first = await fetch(url);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    const second = await fetch(url, { headers: { 'if-none-match': `"other", ${etag}` } });
    expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await fetch(url, { headers: { 'if-none-match': '*' } })).status).toBe(304);
  });
});

describe('JUSTONEAPI_ENDPOINT=auto', () => {
  test('moves to the successor once, within the same read, and says so', async () => {
    await using upstream = await startScriptedUpstream((socket, call) =>
      (call.path.endsWith('get-kol-link-info/v1') ? replies(404, 'Not Found') : answers)(socket, call),
    );
    await using gateway = await startTestGateway({ upstream, env: { JUSTONEAPI_ENDPOINT: 'auto' } });
    expect(await readStar(gateway, '7')).toMatchObject({ star: starOf('7') });
    expect(await readStar(gateway, '8')).toMatchObject({ star: starOf('8') });
    expect(upstream.calls.map(({ path }) => path.split('/').at(-2))).toEqual([
      'get-kol-link-info',
      'get_author_link_info',
      'get_author_link_info',
    ]);
    expect(gateway.logText().match(/asked from now on/g)).toHaveLength(1);
  });

  test('refuses a tag that the successor does not know, with the list', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { JUSTONEAPI_ENDPOINT: 'author-link-info' } });
    const { errors } = await gateway.query(STARS_OF, { ids: ['7'], industryTag: 'beauty' });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('BEAUTY_AND_COSMETICS'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(upstream.calls).toHaveLength(0);
  });
});

test('on the successor ALL and no tag are one purchase', async () => {
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { JUSTONEAPI_ENDPOINT: 'author-link-info' } });
  for (const industryTag of ['ALL', '']) await gateway.query(STARS_OF, { ids: ['7'], industryTag });
  expect(upstream.calls.map(({ parameters }) => parameters.get('industryTag'))).toEqual([null]);
});

test('a store whose folder cannot be made fails no query, and holds up no stop', async () => {
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { CACHE_STORE: 'sqlite:/proc/nowhere/cache.sqlite' } });
  expect(await readStar(gateway, '7')).toMatchObject({ star: starOf('7') });
  expect(await gateway.stop()).toEqual(['answers that the store did not take: 1']);
});

test('in sandbox mode a magic id fails only itself', async () => {
  await using gateway = await startTestGateway({ env: { JUSTONEAPI_ENDPOINT: 'auto' } });
  for (const id of [
    'sandbox-100',
    'sandbox-302',
    'sandbox-303',
    'sandbox-300',
    'sandbox-600',
    'sandbox-601',
    'sandbox-602',
  ]) {
    expect((await readStar(gateway, id)).error?.code).toMatch(/^UPSTREAM_(?!PAUSED)/);
    expect((await readStar(gateway, 'sandbox-sample')).star).toBe(71.41);
  }
  expect(gateway.logText()).not.toContain('asked from now on');
});

test('a key that was served stale while the account was paused is asked for as soon as the breaker closes', async () => {
  await using upstream = await startScriptedUpstream(answers, failsWith(601), answers);
  await using gateway = await startTestGateway({ upstream });
  await readStar(gateway, '7');
  gateway.clock.advanceMs(DAY_MS);
  expect((await readStar(gateway, '8')).error).toMatchObject({ code: 'UPSTREAM_BALANCE_INSUFFICIENT' });
  gateway.clock.advanceMs(29_000);
  expect(await readStar(gateway, '7')).toMatchObject({ freshness: 'STALE_UPSTREAM_FAILED' });
  gateway.clock.advanceMs(1000);
  expect(await readStar(gateway, '7')).toMatchObject({ freshness: 'FRESH' });
  expect(upstream.calls).toHaveLength(3);
});

test('a token whose spending cap is reached costs one unbilled call, whatever is asked, until a probe succeeds', async () => {
  await using upstream = await startScriptedUpstream(failsWith(602), answers);
  await using gateway = await startTestGateway({ upstream, env: { UPSTREAM_DAILY_BUDGET: '10' } });
  const { errors } = await gateway.query(STARS_OF, { ids: ['1'] });
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TOKEN_LIMIT_REACHED', retryable: false } }]);
  for (const id of ['1', '2', '3']) {
    const error = { code: 'UPSTREAM_PAUSED', reason: 'UPSTREAM_TOKEN_LIMIT_REACHED' };
    expect((await readStar(gateway, id)).error).toMatchObject(error);
  }
  const account = async () => (await fetch(`${gateway.origin}/account`)).json();
  expect(await account()).toMatchObject({ billed: 0, unknown: 0, remaining: 10 });
  const metrics = await (await fetch(`${gateway.origin}/metrics`)).text();
  expect(metrics).toContain('_attempts_total{endpoint="kol-link-info",outcome="token_limit_reached"} 1\n');
  expect(upstream.calls).toHaveLength(1);
  gateway.clock.advanceMs(30_000);
  expect(await readStar(gateway, '1')).toMatchObject({ star: starOf('1') });
  expect(await readStar(gateway, '2')).toMatchObject({ star: starOf('2') });
});

test('a quota that is used up ten minutes before midnight in Shanghai is probed at midnight, also where the clock is set back meanwhile', async () => {
  await using upstream = await startScriptedUpstream(failsWith(303), answers);
  const clock = createTestClock(Date.UTC(2026, 0, 2, 3));
  clock.setByMs(12 * HOUR_MS + HOUR_MS * (5 / 6));
  await using gateway = await startTestGateway({ upstream, clock });
  expect((await readStar(gateway, '1')).error).toMatchObject({ code: 'UPSTREAM_QUOTA_EXCEEDED', retryable: true });
  const paused = { code: 'UPSTREAM_PAUSED', reason: 'UPSTREAM_QUOTA_EXCEEDED', retryAfterSeconds: 600 };
  expect((await readStar(gateway, '1')).error).toMatchObject(paused);
  clock.setByMs(-HOUR_MS);
  clock.advanceMs(600_000);
  expect(await readStar(gateway, '1')).toMatchObject({ star: starOf('1') });
  expect(upstream.calls).toHaveLength(2);
});

test.each([
  [100, 'UPSTREAM_TOKEN_INVALID'],
  [602, 'UPSTREAM_TOKEN_LIMIT_REACHED'],
])('a new token in its file ends the pause of the account by code %i', async (upstreamCode, code) => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'kol-gateway-'));
  const path = join(directory.path, 'token');
  writeFileSync(path, 'old-token');
  await using upstream = await startScriptedUpstream((socket, call) =>
    (call.parameters.get('token') === 'old-token' ? failsWith(upstreamCode) : answers)(socket, call),
  );
  const env = { JUSTONEAPI_BASE_URL: upstream.baseUrl, JUSTONEAPI_TOKEN_FILE: path };
  await using gateway = await startTestGateway({ env });
  expect((await readStar(gateway, '7')).error).toMatchObject({ code });
  expect((await readStar(gateway, '7')).error).toMatchObject({
    code: 'UPSTREAM_PAUSED',
    reason: code,
    retryAfterSeconds: 30,
  });
  expect(upstream.calls).toHaveLength(1);
  writeFileSync(path, 'new-token');
  await expect.poll(async () => (await readStar(gateway, '7')).star).toBe(starOf('7'));
  expect(upstream.calls).toHaveLength(2);
});
