import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { writeKeyFile } from '../../support/key-file.ts';
import { answers, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { type GraphResult, startTestGateway, type TestGateway } from '../../support/test-gateway.ts';
import { lane } from './counted-lane.ts';
import { LONG_BYTES, type Sent, send } from './requests.ts';

vi.mock('../../../src/server/fast-lane/fast-lane.ts', async (load) =>
  (await import('./counted-lane.ts')).withCounts(load),
);

/** As codegen writes it for the tests' own operations. */
const MANIFEST = 'test/gql/persisted-documents.json';
const documents = Object.entries(JSON.parse(readFileSync(MANIFEST, 'utf8')) as Record<string, string>);
const [sha256Hash, query] = documents.find(([, text]) => text.includes('query StarOf(')) ?? [];
const BY_HASH = { extensions: { persistedQuery: { sha256Hash } } };

beforeEach(() => void Object.assign(lane, { answered: 0, ready: 0, read: 0, handedOver: 0 }));

async function ask(gateway: TestGateway, id: string, document: object = { query }, headers = {}) {
  const response = await gateway.post({ ...document, variables: { id } }, { headers });
  const { data, errors } = (await response.json()) as GraphResult<{ kol: { linkIndex: object | null } }>;
  return { headers: response.headers, data, code: errors?.[0]?.extensions.code };
}

/** Yoga answers first, from which the lane learns; then the lane does, from memory. */
async function learn(gateway: TestGateway, document?: object): Promise<void> {
  await ask(gateway, '1', document);
  expect(await ask(gateway, '1', document)).toMatchObject({ data: { kol: { linkIndex: {} } } });
  expect(lane.answered, 'the lane has a plan').toBe(1);
}

test('a dry run of a planned document buys nothing and tells the price, of what is in memory as well', async () => {
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream });
  await learn(gateway);

  const hit = await ask(gateway, '1', { query }, { prefer: 'dry-run' });
  expect(hit).toMatchObject({ data: { kol: { linkIndex: {} } }, code: undefined });
  const miss = await ask(gateway, '2', { query }, { prefer: 'dry-run' });
  expect(miss).toMatchObject({ data: { kol: { linkIndex: null } }, code: 'WOULD_BUY' });
  expect([hit, miss].map(({ headers }) => headers.get('x-would-buy'))).toEqual(['0', '1']);
  expect([hit, miss].map(({ headers }) => headers.get('cache-control'))).toEqual(['no-store', 'no-store']);
  expect(upstream.calls).toHaveLength(1);
});

test.each([
  [{ query, operationName: 'StarOf' }, 'StarOf'],
  [{ query }, expect.stringMatching(/^[0-9a-f]{16}$/)],
])('the log names a document alike, whoever answers it: %#', async (document, name) => {
  await using gateway = await startTestGateway();
  await learn(gateway, document);
  await ask(gateway, '2', document);
  expect(lane).toMatchObject({ answered: 1, read: 1 });
  const lines = gateway.logText().split('\n');
  const answered = lines.filter((line) => line.includes('request answered')).map((line) => JSON.parse(line));
  expect(answered).toMatchObject([
    { document: name, bought: 1, saved: 0 },
    { document: name, bought: 0, saved: 1 },
    { document: name, bought: 1, saved: 0 },
  ]);
  expect(new Set(answered.map((line) => line.document)).size).toBe(1);
});

test('what the lane finds in memory is counted as every other read', async () => {
  await using gateway = await startTestGateway();
  await learn(gateway);
  for (const id of ['1', 'sandbox-201', 'sandbox-201']) await ask(gateway, id);
  expect(lane).toMatchObject({ answered: 3, read: 1 });
  const text = await (await fetch(`${gateway.origin}/metrics`)).text();
  for (const [result, count] of Object.entries({ upstream: 2, memory: 2, negative: 1 })) {
    expect(text).toContain(`kol_gateway_link_index_reads_total{result="${result}"} ${count}\n`);
  }
});

test('with TRUSTED_DOCUMENTS_ONLY the text of a planned document is refused, though its hash is answered', async () => {
  await using upstream = await startScriptedUpstream(answers);
  const env = { TRUSTED_DOCUMENTS_FILE: MANIFEST, TRUSTED_DOCUMENTS_ONLY: 'true' };
  await using gateway = await startTestGateway({ upstream, env });
  await learn(gateway, BY_HASH);

  for (const id of ['1', '2']) {
    expect(await ask(gateway, id, { query })).toMatchObject({ data: undefined, code: 'PERSISTED_QUERY_ONLY' });
  }
  const parameters = new URLSearchParams({ query: query ?? '', variables: '{"id":"1"}' });
  const response = await fetch(`${gateway.origin}/graphql?${parameters}`);
  const result = (await response.json()) as GraphResult<object>;
  expect(result).toMatchObject({ errors: [{ extensions: { code: 'PERSISTED_QUERY_ONLY' } }] });
  expect(result).not.toHaveProperty('data');
  expect(lane).toMatchObject({ answered: 1, read: 0, handedOver: 0 });
  expect(upstream.calls).toHaveLength(1);
});

test('an operation that not everybody may send is refused to the others, and no other operation of its document is', async () => {
  using keys = writeKeyFile(
    { name: 'reader', key: 'of-reader', scopes: ['introspect'] },
    { name: 'web', key: 'of-web' },
  );
  const env = { CLIENT_KEYS_FILE: keys.path, INTROSPECTION: 'true', SUBGRAPH_SECRET: 'secret' };
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env });
  const router = { 'x-api-key': 'of-web', 'router-authorization': 'secret' };
  for (const [other, mayAsk, code] of [
    ['query Other { __schema { description } }', { 'x-api-key': 'of-reader' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'query Other { ...Schema } fragment Schema on Query { __type(name: "Kol") { name } }',
      { 'x-api-key': 'of-reader' },
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['query Other { _service { sdl } }', router, 'UNAUTHENTICATED'],
    ['query Other { __typename ... @skip(if: true) { _service { sdl } } }', router, 'UNAUTHENTICATED'],
  ] as const) {
    const document = { query: `${query} ${other}`, operationName: 'StarOf' };
    const own = { ...document, operationName: 'Other' };
    for (const headers of [mayAsk, { 'x-api-key': 'of-web' }]) {
      for (let time = 0; time < 2; time += 1) {
        expect(await ask(gateway, '1', document, headers)).toMatchObject({ data: { kol: { linkIndex: {} } } });
      }
    }
    for (let time = 0; time < 2; time += 1) {
      expect(await ask(gateway, '1', own, mayAsk)).toMatchObject({ code: undefined });
      expect(await ask(gateway, '1', own, { 'x-api-key': 'of-web' })).toMatchObject({ code, data: undefined });
    }
  }
  expect(upstream.calls).toHaveLength(1);
});

test('of two `variables` in a URL nobody takes another than yoga does', async () => {
  const env = { TRUSTED_DOCUMENTS_FILE: MANIFEST };
  await using withLane = await startTestGateway({ env });
  await using without = await startTestGateway({ env: { ...env, FAST_LANE: 'false' } });
  const parameters = new URLSearchParams({ extensions: JSON.stringify(BY_HASH.extensions), variables: '{"id":"1"}' });
  for (let time = 0; time < 2; time += 1) await fetch(`${withLane.origin}/graphql?${parameters}`);
  expect(lane).toMatchObject({ answered: 1 });
  parameters.append('variables', '{"id":"2"}');
  const answerOf = async ({ origin }: TestGateway) => (await fetch(`${origin}/graphql?${parameters}`)).json();
  expect(await answerOf(withLane)).toEqual(await answerOf(without));
});

describe.each(['PUT', 'PATCH', 'DELETE'])('%s is refused by yoga, as without the lane', (method) => {
  test.each([
    ['planned', 0, 0],
    ['ready', LONG_BYTES, 2],
  ])('where the body is %s', async (_, bytes, ready) => {
    await using withLane = await startTestGateway();
    await using without = await startTestGateway({ env: { FAST_LANE: 'false' } });
    const body = JSON.stringify({ query, variables: { id: '1' } }).padEnd(bytes);
    const headers = { 'content-type': 'application/json', 'x-request-id': 'same' };
    const request: Sent = { method: 'POST', path: '/graphql', headers, body };
    for (let time = 0; time < 5; time += 1) expect(await send(withLane.origin, request)).toMatchObject({ status: 200 });
    expect(lane).toMatchObject({ answered: 4, ready });

    const expected = await send(without.origin, { ...request, method });
    expect(expected.status).toBe(405);
    expect(await send(withLane.origin, { ...request, method })).toEqual(expected);
    expect(lane).toMatchObject({ answered: 4, read: 0, handedOver: 0 });
  });
});
