import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STAR_OF } from '../../operations.ts';
import { writeKeyFile } from '../../support/key-file.ts';
import { answers, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

const WEB = { name: 'web', key: 'key-of-the-web-canary' } as const;
const OPS = { name: 'ops', key: 'key-of-the-operators-canary', scopes: ['ops', 'fresh', 'introspect'] } as const;
const FORCED = '{ kol(id: "7") { linkIndex(acceptCache: false) { star { value } } } }';
const INTROSPECTION = '{ __schema { queryType { name } } }';

const bearer = ({ key }: { readonly key: string }) => ({ authorization: `Bearer ${key}` });

async function ask(gateway: TestGateway, headers: Record<string, string>, query = '{ kol(id: "7") { id } }') {
  const response = await gateway.post({ query }, { headers });
  const body = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return { status: response.status, headers: response.headers, code: body.errors?.[0]?.extensions.code };
}

test.each([
  ['as a bearer', bearer(WEB), 200],
  ['as a bearer in any case', { authorization: `bEARER   ${WEB.key}` }, 200],
  ['as x-api-key', { 'x-api-key': WEB.key }, 200],
  ['twice, the same', { ...bearer(WEB), 'x-api-key': WEB.key }, 200],
  ['twice, of two clients', { ...bearer(WEB), 'x-api-key': OPS.key }, 401],
  ['not at all', {}, 401],
  ['empty', { 'x-api-key': '', authorization: 'Bearer ' }, 401],
  ['one letter short', { 'x-api-key': WEB.key.slice(1) }, 401],
  ['of somebody else', { 'x-api-key': 'another' }, 401],
  ['under another scheme', { authorization: `Basic ${WEB.key}` }, 401],
])('a key that comes %s', async (_how, headers, status) => {
  using keys = writeKeyFile(WEB, OPS);
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });
  const answer = await ask(gateway, headers);
  expect([answer.status, answer.code]).toEqual([status, status === 401 ? 'UNAUTHENTICATED' : undefined]);
  if (status === 401) {
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(gateway.logText()).toContain('"client":"none","outcome":"refused","code":"UNAUTHENTICATED"');
  }
  expect(gateway.logText()).not.toContain('canary');
});

test('a key file with a byte order mark is read', async () => {
  using keys = writeKeyFile(WEB);
  keys.replaceText(`\uFEFF${readFileSync(keys.path, 'utf8')}`);
  await using gateway = await startTestGateway({
    env: { CLIENT_KEYS_FILE: keys.path, JUSTONEAPI_ENVIRONMENT: 'sandbox' },
  });
  expect(await ask(gateway, bearer(WEB))).toMatchObject({ status: 200 });
});

test('a missing scope is said on the field, in the introspection and at the route', async () => {
  using keys = writeKeyFile(WEB, OPS);
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });

  expect(await ask(gateway, bearer(WEB), FORCED)).toMatchObject({ status: 200, code: 'FORBIDDEN' });
  expect(await ask(gateway, bearer(WEB), INTROSPECTION)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  expect(await ask(gateway, { ...bearer(WEB), 'x-account': '1' })).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  for (const path of ['/metrics', '/account']) {
    const statusOf = async (headers: Record<string, string>) =>
      (await fetch(`${gateway.origin}${path}`, { headers })).status;
    expect([await statusOf({}), await statusOf(bearer(WEB)), await statusOf(bearer(OPS))]).toEqual([401, 403, 200]);
  }
  expect(upstream.calls).toHaveLength(0);

  expect(await ask(gateway, bearer(OPS), FORCED)).toMatchObject({ status: 200, code: undefined });
  expect(await ask(gateway, bearer(OPS), INTROSPECTION)).toMatchObject({ status: 200, code: undefined });
  // Yoga remembers what is valid: it must not remember it for everybody.
  expect(await ask(gateway, bearer(WEB), INTROSPECTION)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  expect(upstream.calls).toHaveLength(1);
});

test('INTROSPECTION=false holds for every scope', async () => {
  using keys = writeKeyFile(OPS);
  await using gateway = await startTestGateway({
    env: { CLIENT_KEYS_FILE: keys.path, JUSTONEAPI_ENVIRONMENT: 'sandbox', INTROSPECTION: 'false' },
  });
  expect(await ask(gateway, bearer(OPS), INTROSPECTION)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
});

test('ALLOW_ANONYMOUS lets strangers in without a scope, and no wrong key', async () => {
  using keys = writeKeyFile(WEB, OPS);
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({
    upstream,
    env: { CLIENT_KEYS_FILE: keys.path, ALLOW_ANONYMOUS: 'true' },
  });
  expect(await ask(gateway, {})).toMatchObject({ status: 200, code: undefined });
  expect(await ask(gateway, { 'x-api-key': 'another' })).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  expect(await ask(gateway, {}, FORCED)).toMatchObject({ status: 200, code: 'FORBIDDEN' });
  expect(await ask(gateway, {}, INTROSPECTION)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  expect((await fetch(`${gateway.origin}/metrics`)).status).toBe(403);
});

test('without a key file everything is open on this machine', async () => {
  await using gateway = await startTestGateway();
  expect(await ask(gateway, { 'x-api-key': 'whatever' }, FORCED)).toMatchObject({ status: 200, code: undefined });
  expect(await ask(gateway, { 'x-account': '1' }, INTROSPECTION)).toMatchObject({ status: 200, code: undefined });
  expect((await fetch(`${gateway.origin}/metrics`)).status).toBe(200);
});

test('a changed key file counts within two seconds, and a broken one keeps the old keys and says so', async () => {
  using keys = writeKeyFile(WEB, OPS);
  await using gateway = await startTestGateway({
    env: { CLIENT_KEYS_FILE: keys.path, JUSTONEAPI_ENVIRONMENT: 'sandbox' },
  });
  const statusOf = async (who: { readonly key: string }) => (await ask(gateway, bearer(who))).status;
  expect([await statusOf(WEB), await statusOf(OPS)]).toEqual([200, 200]);

  keys.replaceText('{"clients":[{"name":"web"}]}');
  await expect.poll(() => gateway.logText()).toContain('the last good keys stay in use');
  expect(gateway.logText()).toContain('clients.0.sha256');
  expect(await statusOf(WEB)).toBe(200);

  keys.replace(OPS);
  await expect.poll(() => statusOf(WEB)).toBe(401);
  expect(await statusOf(OPS)).toBe(200);
});

test('what is bought is counted for who leads it, and a used-up limit keeps nothing back that is cached', async () => {
  using keys = writeKeyFile({ ...WEB, billedPerDay: 1 }, OPS);
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });
  const read = async (id: string, who: { readonly key: string }) => {
    const { data, errors } = await gateway.query(STAR_OF, { id }, { headers: bearer(who) });
    return errors?.[0]?.extensions.code ?? typeof data?.kol?.linkIndex?.star?.value;
  };

  expect(await read('1', WEB)).toBe('number');
  expect(await read('2', WEB)).toBe('BUDGET_EXHAUSTED');
  expect(await read('1', WEB)).toBe('number');
  // The same key in flight for both: what the one may not start, the other may.
  expect(await Promise.all([read('3', WEB), read('3', OPS)])).toEqual(['BUDGET_EXHAUSTED', 'number']);
  expect(await read('3', WEB)).toBe('number');
  expect(upstream.calls).toHaveLength(2);

  const account = await (await fetch(`${gateway.origin}/account`, { headers: bearer(OPS) })).json();
  expect(account).toMatchObject({
    billed: 2,
    budget: null,
    clients: { web: { billed: 1 }, ops: { billed: 1, open: 0 } },
  });
});

test('perMinute is counted for each client by itself', async () => {
  using keys = writeKeyFile({ ...WEB, perMinute: 2 }, { ...OPS, perMinute: 1000 });
  await using gateway = await startTestGateway({
    env: { CLIENT_KEYS_FILE: keys.path, JUSTONEAPI_ENVIRONMENT: 'sandbox' },
  });
  expect(await ask(gateway, bearer(WEB))).toMatchObject({ status: 200 });
  expect(await ask(gateway, { 'x-api-key': WEB.key })).toMatchObject({ status: 200 });
  const refused = await ask(gateway, bearer(WEB));
  expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect(await ask(gateway, bearer(OPS))).toMatchObject({ status: 200 });
});

test('what a client has sent and spent outlives a restart', async () => {
  using keys = writeKeyFile({ ...WEB, perMinute: 3, billedPerDay: 1 });
  const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-'));
  await using upstream = await startScriptedUpstream(answers);
  const env = { CLIENT_KEYS_FILE: keys.path, CACHE_STORE: `sqlite:${join(folder, 'cache.sqlite')}` };
  const clock = createTestClock(Date.now());
  const read = (gateway: TestGateway, id: string) => gateway.query(STAR_OF, { id }, { headers: bearer(WEB) });
  {
    await using gateway = await startTestGateway({ upstream, env, clock });
    expect((await read(gateway, '1')).errors).toBeUndefined();
    expect((await ask(gateway, bearer(WEB))).status).toBe(200);
  }
  await using gateway = await startTestGateway({ upstream, env, clock });
  expect((await read(gateway, '2')).errors).toMatchObject([{ extensions: { code: 'BUDGET_EXHAUSTED' } }]);
  expect((await ask(gateway, bearer(WEB))).status).toBe(429);
  expect(upstream.calls).toHaveLength(1);
});

test('who meets an old answer pays for the refresh behind it', async () => {
  using keys = writeKeyFile({ ...WEB, billedPerDay: 2 }, OPS);
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });
  const read = (who: { readonly key: string }) => gateway.query(STAR_OF, { id: '1' }, { headers: bearer(who) });
  const billed = async () => {
    const { clients } = await (await fetch(`${gateway.origin}/account`, { headers: bearer(OPS) })).json();
    return [clients.ops?.billed, clients.web?.billed];
  };

  await read(OPS);
  gateway.clock.advanceMs(2 * 3_600_000);
  await read(WEB);
  await upstream.received(2);
  await expect.poll(billed).toEqual([1, 1]);
});

test('a page of an allowed origin can read why it was not let in', async () => {
  using keys = writeKeyFile(WEB);
  const origin = 'https://app.example';
  await using gateway = await startTestGateway({
    env: { CLIENT_KEYS_FILE: keys.path, JUSTONEAPI_ENVIRONMENT: 'sandbox', CORS_ORIGINS: origin },
  });
  const { status, headers } = await gateway.post({ query: '{ __typename }' }, { headers: { origin } });
  expect([status, headers.get('access-control-allow-origin')]).toEqual([401, origin]);
});
