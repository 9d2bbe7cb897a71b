import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answers, type ScriptedUpstream, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { repeat } from './abuse.ts';

interface Probe {
  readonly title: string;
  /** What graphql-cop sends: by default a POST of the query as JSON. */
  readonly query?: string;
  readonly path?: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  /** Whether it would report something. @param text the answer, as it came */
  readonly finds: (text: string) => boolean;
}

const inUrl = (query: string) => `/graphql?${new URLSearchParams({ query })}`;
const IDE = /graphiql\.min\.css|GraphQL Playground|GraphiQL|graphql-playground/;

/** What is at a path of the answer; undefined where it is no JSON, or has nothing there. */
function at(text: string, ...path: readonly (string | number)[]): unknown {
  try {
    return path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], JSON.parse(text));
  } catch {
    return undefined;
  }
}

const tellsTypename = (text: string) => at(text, 'data', '__typename') !== undefined;

/** The probes of github.com/dolevf/graphql-cop, each with its own idea of what a finding is. */
const PROBES: readonly Probe[] = [
  {
    title: 'alias overloading',
    query: `query cop { ${repeat(101, (n) => `alias${n}:__typename`)} }`,
    finds: (text) => at(text, 'data', 'alias100') !== undefined,
  },
  {
    title: 'array-based query batching',
    body: Array(11).fill({ query: 'query cop { __typename }' }),
    finds: (text) => Array.isArray(JSON.parse(text)),
  },
  {
    title: 'field duplication',
    query: `query cop { ${repeat(500, () => '__typename')} }`,
    finds: tellsTypename,
  },
  {
    title: 'directive overloading',
    query: `query cop { __typename ${'@aa'.repeat(10)} }`,
    finds: (text) => at(text, 'errors', 9) !== undefined,
  },
  {
    title: 'circular query by introspection',
    query: `query cop { __schema { types ${'{ fields { type '.repeat(4)}{ name }${'} }'.repeat(4)} } }`,
    finds: (text) => at(text, 'data', '__schema', 'types') !== undefined,
  },
  {
    title: 'circular fragment',
    query: 'query { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }',
    finds: (text) => at(text, 'errors') === undefined,
  },
  {
    title: 'introspection',
    query: 'query cop { __schema { types { name fields { name } } } }',
    finds: (text) => at(text, 'data', '__schema', 'types') !== undefined,
  },
  {
    title: 'field suggestions',
    query: 'query cop { __schema { directive } }',
    finds: (text) => text.includes('Did you mean'),
  },
  {
    title: 'trace mode',
    query: 'query cop { __typename }',
    finds: (text) => at(text, 'extensions', 'tracing') !== undefined || /stacktrace|exception/i.test(text),
  },
  ...['/graphiql', '/playground', '/console', '/graphql'].map((path): Probe => {
    return { title: `GraphiQL at ${path}`, method: 'GET', path, finds: (text) => IDE.test(text) };
  }),
  { title: 'queries by GET', method: 'GET', path: inUrl('query cop {__typename}'), finds: tellsTypename },
  { title: 'mutations by GET', method: 'GET', path: inUrl('mutation cop {__typename}'), finds: tellsTypename },
  {
    title: 'queries by a POST that is no JSON',
    method: 'POST',
    path: inUrl('query cop { __typename }'),
    finds: tellsTypename,
  },
  {
    title: 'unhandled errors',
    query: 'qwerty cop { abc }',
    finds: (text) => at(text, 'errors', 0, 'extensions', 'exception') !== undefined || /stack|exception/i.test(text),
  },
];

/** What a GraphQL server over HTTP is for. */
const ANSWERED_WITH_A_KEY = new Set(['queries by GET']);

const KEY = 'kol_test_key';
let upstream: ScriptedUpstream;
let keyed: TestGateway;

beforeAll(async () => {
  const keyFile = join(mkdtempSync(join(tmpdir(), 'kol-cop-')), 'keys.json');
  const sha256 = createHash('sha256').update(KEY).digest('hex');
  writeFileSync(keyFile, JSON.stringify({ clients: [{ name: 'app', sha256 }] }));
  upstream = await startScriptedUpstream(answers);
  keyed = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keyFile } });
});

afterAll(async () => {
  await keyed[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

async function probe({ path = '/graphql', method = 'POST', query, body }: Probe, headers: Record<string, string>) {
  const content = body ?? (query === undefined ? undefined : { query });
  const response = await fetch(`${keyed.origin}${path}`, {
    method,
    headers: { 'user-agent': 'graphql-cop', 'x-apollo-tracing': '1', ...headers, ...(content && JSON_TYPE) },
    ...(content !== undefined && { body: JSON.stringify(content) }),
  });
  return { status: response.status, text: await response.text() };
}

const JSON_TYPE = { 'content-type': 'application/json' };

test('the probes are all there', () => {
  expect(PROBES.length).toBeGreaterThanOrEqual(12);
});

test.each(PROBES)('$title: a stranger finds nothing', async (each) => {
  const { status, text } = await probe(each, {});
  expect(each.finds(text)).toBe(false);
  expect([401, 404]).toContain(status);
  expect(upstream.calls).toHaveLength(0);
});

test.each(PROBES)('$title: a client with a key finds nothing but plain queries by GET', async (each) => {
  const { status, text } = await probe(each, { authorization: `Bearer ${KEY}` });
  expect(each.finds(text)).toBe(ANSWERED_WITH_A_KEY.has(each.title));
  expect(status).not.toBe(401);
  expect(status).toBeLessThan(500);
  expect(upstream.calls).toHaveLength(0);
});
