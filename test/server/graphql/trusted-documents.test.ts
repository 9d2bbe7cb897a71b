import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { answers, starOf, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

/** As codegen writes it for the tests' own operations. */
const MANIFEST = 'test/gql/persisted-documents.json';
const ENV = { TRUSTED_DOCUMENTS_FILE: MANIFEST, TRUSTED_DOCUMENTS_ONLY: 'true' };
const documents = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Record<string, string>;
const [hash = ''] = Object.entries(documents).find(([, text]) => text.includes('query StarOf(')) ?? [];

const named = (sha256Hash: string) => ({ extensions: { persistedQuery: { sha256Hash } }, variables: { id: '7' } });

async function ask(gateway: TestGateway, body: object, headers: Record<string, string> = {}) {
  const response = await gateway.post(body, { headers });
  const result = (await response.json()) as { data?: object; errors?: { extensions: { code: string } }[] };
  return { status: response.status, code: result.errors?.[0]?.extensions.code, data: result.data };
}

test.each([hash, hash.replace('sha256:', '')])('a document is named by its hash: %s', async (sha256Hash) => {
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: ENV });
  expect(await ask(gateway, named(sha256Hash))).toMatchObject({ status: 200, data: { kol: { id: '7' } } });
  const parameters = new URLSearchParams({
    extensions: JSON.stringify(named(sha256Hash).extensions),
    variables: '{"id":"7"}',
  });
  const response = await fetch(`${gateway.origin}/graphql?${parameters}`);
  expect(await response.json()).toMatchObject({ data: { kol: { id: '7' } } });
  expect(upstream.calls).toHaveLength(1);
});

test('what is not trusted is refused with a reason, and buys nothing', async () => {
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { ...ENV, SUBGRAPH_SECRET: 's3cret' } });
  const query = '{ kol(id: "7") { linkIndex { star { value } } } }';
  expect(await ask(gateway, { query })).toMatchObject({ code: 'PERSISTED_QUERY_ONLY', data: undefined });
  expect(await ask(gateway, { ...named(hash), query })).toMatchObject({ code: 'PERSISTED_QUERY_ONLY' });
  expect(await ask(gateway, named('0'.repeat(64)))).toMatchObject({ code: 'PERSISTED_QUERY_NOT_FOUND' });
  expect(await ask(gateway, {})).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
  expect(await ask(gateway, { query }, { 'router-authorization': 'another' })).toMatchObject({
    code: 'PERSISTED_QUERY_ONLY',
  });
  expect(upstream.calls).toHaveLength(0);

  const asRouter = await ask(gateway, { query }, { 'router-authorization': 's3cret' });
  expect(asRouter).toMatchObject({ status: 200, code: undefined });
});

test('without TRUSTED_DOCUMENTS_ONLY queries are answered as well', async () => {
  await using gateway = await startTestGateway({ env: { TRUSTED_DOCUMENTS_FILE: MANIFEST } });
  expect(await ask(gateway, { query: '{ kol(id: "7") { id } }' })).toMatchObject({ data: { kol: { id: '7' } } });
  expect(await ask(gateway, named(hash))).toMatchObject({ data: { kol: { id: '7' } } });
});

describe('where no documents are trusted', () => {
  test('a hash alone is not supported, in the protocol’s words, whoever asks', async () => {
    await using gateway = await startTestGateway();
    const parameters = new URLSearchParams({ extensions: JSON.stringify(named(hash).extensions) });
    for (const response of [await gateway.post(named(hash)), await fetch(`${gateway.origin}/graphql?${parameters}`)]) {
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toMatchObject({
        errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }],
      });
    }
    expect(await ask(gateway, {})).toMatchObject({ code: 'BAD_REQUEST' });
    expect(await ask(gateway, { ...named(hash), query: '{ __typename }' })).toMatchObject({ code: undefined });
  });

  test.each([false, true])('Apollo Client goes on with the text; hashes by GET: %s', async (useGETForHashedQueries) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(
        new HttpLink({ uri: `${gateway.origin}/graphql` }),
      ),
    });
    const query = parse('query Star($id: ID!) { kol(id: $id) { id linkIndex { star { value } } } }');
    const { data } = await client.query({ query, variables: { id: '7' } });
    expect(data).toMatchObject({ kol: { id: '7', linkIndex: { star: { value: starOf('7') } } } });
    expect(upstream.calls).toHaveLength(1);
    client.stop();
  });
});

test('a manifest with a byte order mark is read', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kol-gateway-')), 'documents.json');
  writeFileSync(path, `\uFEFF${JSON.stringify({ ['1'.repeat(64)]: '{ __typename }' })}`);
  await using gateway = await startTestGateway({ env: { TRUSTED_DOCUMENTS_FILE: path } });
  expect(await ask(gateway, named('1'.repeat(64)))).toMatchObject({ data: { __typename: 'Query' } });
});

test('a replaced manifest is read anew, and a broken one keeps the old documents', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kol-gateway-')), 'documents.json');
  writeFileSync(path, JSON.stringify({ ['1'.repeat(64)]: '{ __typename }' }));
  await using gateway = await startTestGateway({ env: { TRUSTED_DOCUMENTS_FILE: path } });
  const codeOf = async (digit: string) => (await ask(gateway, named(digit.repeat(64)))).code;

  writeFileSync(path, '{');
  await expect.poll(() => gateway.logText()).toContain('the last good ones stay');
  expect([await codeOf('1'), await codeOf('2')]).toEqual([undefined, 'PERSISTED_QUERY_NOT_FOUND']);
  writeFileSync(path, JSON.stringify({ ['2'.repeat(64)]: '{ __typename }' }));
  await expect.poll(() => codeOf('2')).toBeUndefined();
  expect(await codeOf('1')).toBe('PERSISTED_QUERY_NOT_FOUND');
});
