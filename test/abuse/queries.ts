import { type Abuse, graph, repeat } from './abuse.ts';

const INDICES = 'linkIndex { star { value } }';
const PARSE = { code: 'GRAPHQL_PARSE_FAILED' };
const INPUT = { code: 'BAD_USER_INPUT' };

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const REPEATED_IDS = { ids: Array(500).fill('7') };
const entitiesOf = (count: number) => idsOf(count).map((id) => ({ __typename: 'Kol', id }));
const ENTITIES = `query ($them: [_Any!]!) { _entities(representations: $them) { ... on Kol { ${INDICES} } } }`;

/** `count` selections of the same field in each other, as many times at each level. */
function nested(count: number, [field, ...below]: readonly string[]): string {
  return field === undefined ? '' : `{ ${repeat(count, () => `${field} ${nested(count, below)}`)} }`;
}

const ALIASES: readonly Abuse[] = [
  graph('101 aliases of __typename', `{ ${repeat(101, (n) => `a${n}: __typename`)} }`),
  graph('101 aliases of a KOL', `{ ${repeat(101, (n) => `a${n}: kol(id: "7") { ${INDICES} }`)} }`),
  graph(
    '101 aliases in two fragments',
    `{ ...A ...B } fragment A on Query { ${repeat(51, (n) => `a${n}: __typename`)} } fragment B on Query { ${repeat(50, (n) => `b${n}: __typename`)} }`,
  ),
  graph('101 aliases of a scalar', `{ kol(id: "7") { ${repeat(101, (n) => `a${n}: id`)} } }`),
  graph('51 KOLs by alias', `{ ${repeat(51, (n) => `a${n}: kol(id: "${n}") { ${INDICES} }`)} }`, INPUT),
  graph(
    '51 industries of one KOL by alias',
    `{ kol(id: "7") { ${repeat(51, (n) => `a${n}: linkIndex(industryTag: "t${n}") { freshness }`)} } }`,
    INPUT,
  ),
];

const LISTS: readonly Abuse[] = [
  graph('a list of 51 KOLs', `query ($ids: [ID!]!) { kols(ids: $ids) { ${INDICES} } }`, {
    ...INPUT,
    variables: { ids: idsOf(51) },
  }),
  graph('a list of 51 KOLs in the query', `{ kols(ids: [${repeat(51, (n) => `"${n}",`)}]) { ${INDICES} } }`, INPUT),
  graph(
    'a list of 51 KOLs as the default of a variable',
    `query ($ids: [ID!]! = [${repeat(51, (n) => `"${n}",`)}]) { kols(ids: $ids) { ${INDICES} } }`,
    INPUT,
  ),
  graph('the same KOL 501 times', `query ($ids: [ID!]!) { kols(ids: $ids) { ${INDICES} } }`, {
    ...INPUT,
    variables: { ids: Array(501).fill('7') },
  }),
  graph('a list of 20,000 KOLs', 'query ($ids: [ID!]!) { kols(ids: $ids) { id } }', {
    ...INPUT,
    variables: { ids: Array(20_000).fill('7') },
  }),
  graph('51 KOLs over aliases, a fragment, a list and variables', MIXED(), {
    ...INPUT,
    variables: { ids: idsOf(25), id: 'one-more' },
  }),
  graph('51 entities', ENTITIES, { ...INPUT, variables: { them: entitiesOf(51) } }),
  graph('an entity of another type', ENTITIES, {
    ...INPUT,
    variables: { them: [...entitiesOf(2), { __typename: 'Query', id: '7' }] },
  }),
  graph('an entity whose type is __proto__', ENTITIES, {
    ...INPUT,
    variables: { them: [{ __typename: '__proto__', id: '7' }] },
  }),
  graph(
    'the same KOL 500 times under each of 99 aliases',
    `query ($ids: [ID!]!) { ${repeat(99, (n) => `a${n}: kols(ids: $ids) { ${INDICES} }`)} }`,
    { ...INPUT, variables: REPEATED_IDS },
  ),
  graph(
    '7,500 parts of an incremental answer',
    `query ($ids: [ID!]!) { kols(ids: $ids) { ${repeat(15, (n) => `... @defer(label: "${n}") { a${n}: ${INDICES} }`)} } }`,
    { ...INPUT, variables: REPEATED_IDS },
  ),
];

function MIXED(): string {
  return `query ($ids: [ID!]!, $id: ID!) { ...F kols(ids: $ids) { ${INDICES} } one: kol(id: $id) { ${INDICES} } }
    fragment F on Query { ${repeat(25, (n) => `a${n}: kol(id: "f${n}") { ${INDICES} }`)} }`;
}

const DIRECTIVES: readonly Abuse[] = [
  graph('10 unknown directives on one field', `{ __typename ${'@aa'.repeat(10)} }`),
  graph('500 @skip on one field', `{ __typename ${'@skip(if: false)'.repeat(500)} }`),
  graph('51 directives on as many fields', `{ ${repeat(51, () => '__typename @include(if: true)')} }`),
  graph('directives on an operation', `query ${'@skip(if: true)'.repeat(9)} { __typename }`),
];

const FIELDS: readonly Abuse[] = [
  graph('the same field 500 times', `{ ${repeat(500, () => '__typename')} }`),
  graph('the same field 4,900 times', `{ ${repeat(4900, () => '__typename')} }`),
  graph('six times the same at four levels', nested(6, ['kol(id: "7")', 'linkIndex', 'star', 'value'])),
  graph(
    '250 fragments with the same field',
    `{ ${repeat(250, (n) => `...F${n}`)} } ${repeat(250, (n) => `fragment F${n} on Query { kol(id: "7") { id } }`)}`,
  ),
  graph(
    '300 fragments with a field of its own each',
    `{ ${repeat(300, (n) => `...F${n}`)} } ${repeat(300, (n) => `fragment F${n} on Query { f${n} }`)}`,
  ),
  graph(
    'a fragment that nobody spreads, with the same field 1,000 times',
    `{ __typename } fragment F on Query { ${repeat(1000, () => '__typename')} }`,
  ),
  graph(
    'fragments that double their fields thirteen times',
    `{ ...F0 } ${repeat(13, (n) => `fragment F${n} on Query { a: kol(id: "7") { ...F${n + 1} } b: kol(id: "7") { ...F${n + 1} } }`)} fragment F13 on Query { ${repeat(9, () => '__typename')} }`,
  ),
  graph(
    'fragments that each spread the next one twice',
    `{ ...F0 } ${repeat(40, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F40 on Query { __typename }`,
  ),
  graph('a fragment within itself', '{ ...F } fragment F on Query { __typename ...F }'),
  graph(
    'fragments in a circle',
    `{ ...F0 } ${repeat(20, (n) => `fragment F${n} on Query { kol(id: "7") { ...F${(n + 1) % 20} } }`)}`,
  ),
  graph(
    '200 operations',
    repeat(200, (n) => `query Q${n} { ${repeat(20, () => '__typename')} }`),
    {
      code: 'OPERATION_RESOLUTION_FAILURE',
    },
  ),
];

const DEPTHS: readonly Abuse[] = [
  graph('selections within 20,000 others', `${'{a'.repeat(20_000)}${'}'.repeat(20_000)}`, PARSE),
  graph('inline fragments within 10,000 others', `{${'...{'.repeat(10_000)}__typename${'}'.repeat(10_001)}`, PARSE),
  graph('lists within 45,000 others', `{ kols(ids: ${'['.repeat(45_000)}${']'.repeat(45_000)}) { id } }`, PARSE),
  graph('50,000 opening brackets', `{ kols(ids: ${'['.repeat(50_000)}`, PARSE),
  graph('objects within 20,000 others', `{ kols(ids: ${'{a:'.repeat(20_000)}1${'}'.repeat(20_000)}) { id } }`, PARSE),
  graph(
    'a type that is a list of 40,000 lists',
    `query ($a: ${'['.repeat(40_000)}Int${']'.repeat(40_000)}) { __typename }`,
    PARSE,
  ),
  graph('fields 26 levels down', `${'{ kol '.repeat(26)}${'}'.repeat(26)}`),
  graph(
    '40 fragments, one within the other',
    `{ ...F0 } ${repeat(40, (n) => `fragment F${n} on Query { ...F${n + 1} }`)} fragment F40 on Query { __typename }`,
  ),
];

const LENGTHS: readonly Abuse[] = [
  graph('5,001 tokens', `{ ${repeat(4999, (n) => `f${n}`)} }`, PARSE),
  graph('45,000 tokens', `{ ${'a '.repeat(45_000)} }`, PARSE),
  graph('90,000 characters of commas', `{ ${','.repeat(90_000)} __typename }`, { status: 200 }),
  graph('90,000 characters of a comment', `#${'x'.repeat(90_000)}\n{ __typename }`, { status: 200 }),
  graph('a name of 90,000 letters', `{ ${'x'.repeat(90_000)} }`, PARSE),
  graph(
    'a name of 50,000 letters that 500 errors would repeat',
    `query ${'x'.repeat(50_000)} { ${repeat(500, (n) => `kol(id: $v${n}) { id }`)} }`,
    PARSE,
  ),
  graph('a block string of 80,000 lines', `{ kol(id: """${'\n'.repeat(40_000)}""") { id } }`, {
    status: 200,
    ...INPUT,
  }),
  graph('NUL in a query', '{ __typename \0 }', PARSE),
  graph('lone surrogates in a query', '{ __typename \ud800 }', PARSE),
];

const INTROSPECTION: readonly Abuse[] = [
  graph('introspection in circles', `{ __schema { types ${'{ fields { type '.repeat(4)}{ name }${'} }'.repeat(4)} } }`),
  graph('introspection under 101 aliases', `{ ${repeat(101, (n) => `a${n}: __schema { types { name } }`)} }`),
  graph('introspection of __schema where it is off', '{ __schema { types { name fields { name } } } }', {
    env: { INTROSPECTION: 'false' },
  }),
  graph(
    'introspection of __type in a fragment where it is off',
    '{ ...F } fragment F on Query { __type(name: "Kol") { name } }',
    {
      env: { INTROSPECTION: 'false' },
    },
  ),
];

const OPERATIONS: readonly Abuse[] = [
  graph('a mutation', 'mutation { buy }'),
  graph('a subscription', 'subscription { bought }'),
  graph('two operations, and none is named', 'query A { __typename } query B { __typename }', {
    code: 'OPERATION_RESOLUTION_FAILURE',
  }),
  graph('two operations of one name', `query A { __typename } query A { __typename }`, {
    code: 'OPERATION_RESOLUTION_FAILURE',
  }),
  graph('an empty selection', '{ }', PARSE),
  graph('a variable that is not there', 'query ($ids: [ID!]!) { kols(ids: $ids) { id } }', INPUT),
];

export const QUERIES: readonly Abuse[] = [
  ...ALIASES,
  ...LISTS,
  ...DIRECTIVES,
  ...FIELDS,
  ...DEPTHS,
  ...LENGTHS,
  ...INTROSPECTION,
  ...OPERATIONS,
];
