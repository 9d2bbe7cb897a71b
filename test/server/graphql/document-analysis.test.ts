import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';
import { ALL_OF, IDS_ONLY, STARS_OF } from '../../operations.ts';
import { payloadsOf } from '../../support/payloads.ts';
import { answers, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { type GraphResult, startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

const MEMBERS = '{ value avgValue linkRelativeRatio rank rankPercent }';
const EVERYTHING = `{ ${['cooperate', 'cp', 'convert', 'shopping', 'spread', 'star'].map((name) => name + MEMBERS).join(' ')} fetchedAt freshness }`;

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `kol-${index}`);
const times = (count: number, textOf: (index: number) => string) =>
  idsOf(count)
    .map((_, n) => textOf(n))
    .join(' ');

async function ask(gateway: TestGateway, query: string, variables?: unknown): Promise<GraphResult<unknown>> {
  return (await gateway.post({ query, variables })).json() as Promise<GraphResult<unknown>>;
}

describe('what people ask for is let through', () => {
  test.each([
    [
      'introspection as GraphiQL sends it',
      getIntrospectionQuery({ schemaDescription: true, inputValueDeprecation: true }),
    ],
    [
      'introspection with everything',
      getIntrospectionQuery({ specifiedByUrl: true, directiveIsRepeatable: true, oneOf: true }),
    ],
    [
      'introspection without fragments',
      `{ __schema { types { fields { args { type ${'{ kind name ofType '.repeat(9)}{ name }${'}'.repeat(9)} } } } } }`,
    ],
    ['the subgraph’s schema', '{ _service { sdl } }'],
    [
      '50 KOLs by alias with every score of an industry',
      `{ ${times(50, (n) => `kol${n}: kol(id: "${n}") { id linkIndex(industryTag: "beauty") ${EVERYTHING} }`)} }`,
    ],
    [
      'two industries of 25 KOLs by alias',
      `{ ${times(25, (n) => `kol${n}: kol(id: "${n}") { all: linkIndex { star { value } } one: linkIndex(industryTag: "beauty") { star { value } } }`)} }`,
    ],
    [
      'a page made of 30 parts that all want the same',
      `query { kols(ids: ["1", "2"]) { ${times(30, (n) => `...Part${n}`)} } } ${times(30, (n) => `fragment Part${n} on Kol { __typename id linkIndex { star { value rank } } }`)}`,
    ],
    [
      'ten parts within each other',
      `{ kol(id: "1") { ...Part0 } } ${times(10, (n) => `fragment Part${n} on Kol { id ...Part${n + 1} }`)} fragment Part10 on Kol { linkIndex { star { value } } }`,
    ],
    [
      'every index at the reader’s choice',
      `query ($yes: Boolean! = true) { kol(id: "1") { linkIndex { ${times(6, (n) => `i${n}: star @include(if: $yes) @skip(if: false) { value }`)} } } }`,
    ],
  ])('%s', async (_what, query) => {
    await using gateway = await startTestGateway();
    const { data, errors } = await ask(gateway, query);
    expect(errors).toBeUndefined();
    expect(data).not.toBeNull();
  });

  test('50 KOLs in a list, each up to ten times, with every score', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const ids = Array.from({ length: 10 }, () => idsOf(50)).flat();
    const { data, errors } = await ask(
      gateway,
      `query ($ids: [ID!]!) { kols(ids: $ids) { id linkIndex ${EVERYTHING} } }`,
      { ids },
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ kols: { length: 500 } });
    expect(upstream.calls).toHaveLength(50);
  });

  test('50 entities of a router', async () => {
    await using gateway = await startTestGateway();
    const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Kol { __typename id linkIndex ${EVERYTHING} } } }`;
    const representations = idsOf(50).map((id) => ({ __typename: 'Kol', id }));
    expect((await ask(gateway, query, { representations })).errors).toBeUndefined();
  });

  test('50 KOLs whose scores come later', async () => {
    await using gateway = await startTestGateway();
    const query = `query ($ids: [ID!]!) { kols(ids: $ids) @stream(initialCount: 1) { id ... @defer { linkIndex ${EVERYTHING} } } }`;
    const response = await gateway.post(
      { query, variables: { ids: idsOf(50) } },
      { headers: { accept: 'multipart/mixed' } },
    );
    const payloads = await Array.fromAsync(payloadsOf(response));
    expect(payloads.flatMap(({ errors = [] }) => errors)).toEqual([]);
    expect(payloads.at(-1)).toMatchObject({ hasNext: false });
  });

  test('our own operations', async () => {
    await using gateway = await startTestGateway();
    expect((await gateway.query(ALL_OF, { id: '1' })).errors).toBeUndefined();
    expect((await gateway.query(STARS_OF, { ids: idsOf(50) })).errors).toBeUndefined();
    expect((await gateway.query(IDS_ONLY, { ids: idsOf(50) })).errors).toBeUndefined();
  });
});

describe('a limit lets through what it says, and no more', () => {
  const lists = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  const chain = (length: number) =>
    `{ ...F1 } ${times(length, (n) => `fragment F${n + 1} on Query { ...F${n + 2} }`)} fragment F${length + 1} on Query { __typename }`;

  test.each([
    [
      'tokens',
      5000,
      (n: number) => `{ ${times(n - 2, (a) => `a${a}`)} }`,
      'GRAPHQL_PARSE_FAILED',
      '5001 tokens or more: expected at most 5000',
    ],
    [
      'brackets',
      32,
      (n: number) => `{ kols(ids: ${lists(n - 2)}) { id } }`,
      'GRAPHQL_PARSE_FAILED',
      '33 brackets within brackets or more: expected at most 32',
    ],
    [
      'letters in a name',
      255,
      (n: number) => `{ ${'x'.repeat(n)} }`,
      'GRAPHQL_PARSE_FAILED',
      '256 characters in a name: expected at most 255',
    ],
    [
      'aliases',
      100,
      (n: number) => `{ ${times(n, (a) => `a${a}: __typename`)} }`,
      'GRAPHQL_VALIDATION_FAILED',
      '101 aliases: expected at most 100',
    ],
    [
      'directives',
      50,
      (n: number) => `{ ${times(n, (a) => `a${a}: __typename @skip(if: false)`)} }`,
      'GRAPHQL_VALIDATION_FAILED',
      '51 directives: expected at most 50',
    ],
    [
      'directives at one place',
      4,
      (n: number) => `{ __typename ${'@skip(if: false)'.repeat(n)} }`,
      'GRAPHQL_VALIDATION_FAILED',
      '5 directives at one place: expected at most 4',
    ],
    [
      'depth',
      24,
      (n: number) => chain(n - 2),
      'GRAPHQL_VALIDATION_FAILED',
      'Selections of depth 25, fragments included: expected at most 24',
    ],
    // 100 times the same is 4,950 pairs, 101 times 5,050.
    [
      'fields of one name',
      100,
      (n: number) => `{ ${times(n, () => '__typename')} }`,
      'GRAPHQL_VALIDATION_FAILED',
      '5050 pairs or more of selections',
    ],
    [
      // 50 times an alias, a spread and so many fields, which stand in the fragment once more.
      'fields',
      194,
      (n: number) =>
        `{ ${times(50, (a) => `a${a}: kol(id: "7") { ...F }`)} } fragment F on Kol { ${times(n, (a) => `f${a}`)} }`,
      'GRAPHQL_VALIDATION_FAILED',
      '10001 fields or more',
    ],
  ] as const)('%s', async (_what, most, queryOf, code, message) => {
    await using gateway = await startTestGateway();
    const within = await ask(gateway, queryOf(most));
    expect(JSON.stringify(within.errors ?? [])).not.toContain('expected at most');
    const beyond = await ask(gateway, queryOf(most + 1));
    expect(beyond.errors).toMatchObject([{ extensions: { code }, message: expect.stringContaining(message) }]);
    expect(beyond).not.toHaveProperty('data');
  });

  test('an answer has at most 25,000 fields', async () => {
    await using gateway = await startTestGateway();
    const ids = { ids: Array(500).fill('7') };
    const query = (aliases: number) =>
      `query ($ids: [ID!]!) { ${times(aliases, (n) => `a${n}: kols(ids: $ids) { id }`)} }`;
    expect((await ask(gateway, query(25), ids)).errors).toBeUndefined();
    expect(await ask(gateway, query(26), ids)).toMatchObject({
      errors: [
        {
          message: 'The answer would have 26000 fields: expected at most 25000.',
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    });
  });

  test('it has more where a request may name more KOLs', async () => {
    await using gateway = await startTestGateway({ env: { MAX_KOLS_PER_REQUEST: '1000' } });
    const result = await ask(gateway, `query ($ids: [ID!]!) { kols(ids: $ids) { id linkIndex ${EVERYTHING} } }`, {
      ids: idsOf(1000),
    });
    expect(result.errors).toBeUndefined();
  });

  test('the length of a list is that of its default where it is not given', async () => {
    await using gateway = await startTestGateway();
    const query = `query ($ids: [ID!]! = [${times(400, () => '"7"')}]) { ${times(70, (n) => `a${n}: kols(ids: $ids) { id }`)} }`;
    expect(await ask(gateway, query)).toMatchObject({ errors: [{ message: expect.stringContaining('56000 fields') }] });
    expect((await ask(gateway, query, { ids: ['7'] })).errors).toBeUndefined();
  });

  test.each([32, 33])('variables of %d levels', async (levels) => {
    await using gateway = await startTestGateway();
    const { errors } = await ask(gateway, 'query ($id: ID!) { kol(id: $id) { id } }', {
      id: JSON.parse(lists(levels - 1)),
    });
    expect(errors).toMatchObject([{ extensions: { code: levels > 32 ? 'BAD_REQUEST' : 'BAD_USER_INPUT' } }]);
  });
});

test('a refusal is the same the second time, when the document is known', async () => {
  await using gateway = await startTestGateway();
  for (const query of [`{ ${times(101, (n) => `a${n}: __typename`)} }`, `{ ${times(5000, () => 'a')} }`]) {
    const [first, second] = [await ask(gateway, query), await ask(gateway, query)];
    expect(second.errors?.map(({ message }) => message)).toEqual(first.errors?.map(({ message }) => message));
    expect(first.errors?.[0]?.extensions['requestId']).not.toBe(second.errors?.[0]?.extensions['requestId']);
  }
});

test('names of the schema are suggested to who may read it, and to nobody else', async () => {
  const keyFile = join(mkdtempSync(join(tmpdir(), 'kol-keys-')), 'keys.json');
  const keyed = (name: string, scopes: string[]) => ({
    name,
    scopes,
    sha256: createHash('sha256').update(name).digest('hex'),
  });
  writeFileSync(keyFile, JSON.stringify({ clients: [keyed('reader', ['introspect']), keyed('stranger', [])] }));
  await using gateway = await startTestGateway({ env: { CLIENT_KEYS_FILE: keyFile, JUSTONEAPI_TOKEN: 'x' } });
  const messageFor = async (key: string) => {
    const response = await gateway.post(
      { query: '{ kool(id: "7") { id } }' },
      { headers: { authorization: `Bearer ${key}` } },
    );
    return ((await response.json()) as GraphResult<never>).errors?.[0]?.message;
  };
  const [told, hidden] = [
    'Cannot query field "kool" on type "Query". Did you mean "kol" or "kols"?',
    'Cannot query field "kool" on type "Query".',
  ];
  for (const _again of [1, 2]) {
    expect(await messageFor('reader')).toBe(told);
    expect(await messageFor('stranger')).toBe(hidden);
  }
});
