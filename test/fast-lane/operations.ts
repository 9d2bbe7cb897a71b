import fc from 'fast-check';

/** One operation as a client might send it, good or bad. */
export interface Operation {
  readonly query: string;
  readonly variables: unknown;
  readonly operationName: unknown;
}

export const KOL_IDS = ['7', '8', '6838920541234567890', 'none', 'refused', 'a-b_C'];
const ODD_IDS = ['', 'no such id', 'ü', 'x'.repeat(65), '7\nkol-link-info\nbeauty'];
const TAGS = ['beauty', 'BEAUTY'];

const SCORE_FIELDS = ['value', 'avgValue', 'linkRelativeRatio', 'rank', 'rankPercent', '__typename'];
const INDICES = ['cooperate', 'cp', 'convert', 'shopping', 'spread', 'star'];
const ALIASES = ['a', 'b', 'value', 'star', 'id'];

const often = <Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>, weight = 12) =>
  fc.oneof({ arbitrary: usual, weight }, { arbitrary: odd, weight: 1 });

/** Mostly without an alias: two of one name that mean different things are no valid query. */
const alias = often(
  fc.constant(''),
  fc.constantFrom(...ALIASES).map((name) => `${name}: `),
  8,
);
const directive = often(
  fc.constant(''),
  fc.constantFrom(' @include(if: true)', ' @skip(if: false)', ' @skip(if: true)', ' @include(if: $b)', ' @unknown'),
  40,
);

/** Two fields of one key must mean the same. */
function responseKeyOf(field: string): string {
  return /^\w+/.exec(field)?.[0] ?? '';
}

function selection(field: fc.Arbitrary<string>, type: string, maxLength: number): fc.Arbitrary<string> {
  const fields = often(
    fc.uniqueArray(field, { minLength: 1, maxLength, selector: responseKeyOf }),
    fc.array(field, { minLength: 1, maxLength }),
  ).map((each) => each.join(' '));
  const wrapped = fc
    .tuple(
      fields,
      fields,
      fc.constantFrom(`... on ${type}`, `... on ${type}`, '...', '...', '... on Kol', `...${type}Parts`),
      directive,
    )
    .map(([inside, outside, spread, at]) => {
      if (spread.endsWith('Parts')) return `${spread}${at} ${at === '' ? '' : outside}`;
      return at === '' ? `${spread} { ${inside} }` : `${outside} ${spread}${at} { ${inside} }`;
    });
  return often(fields, wrapped, 8).map((text) => `{ ${text} }`);
}

const scoreField = fc
  .tuple(alias, often(fc.constantFrom(...SCORE_FIELDS), fc.constantFrom('nothing', 'value { x }'), 60), directive)
  .map(([name, field, at]) => `${name}${field}${at}`);
const scores = selection(scoreField, 'IndexScore', 4);
const indexField = fc.oneof(
  {
    arbitrary: fc
      .tuple(alias, fc.constantFrom(...INDICES), scores, directive)
      .map(([name, index, inside, at]) => `${name}${index}${at} ${inside}`),
    weight: 50,
  },
  {
    arbitrary: fc.tuple(alias, fc.constantFrom('fetchedAt', 'freshness', '__typename')).map((parts) => parts.join('')),
    weight: 20,
  },
  { arbitrary: fc.constantFrom('star', 'unknown', 'fetchedAt(at: 1)'), weight: 1 },
);
const indices = selection(indexField, 'LinkIndex', 4);

const tagArgument = fc.constantFrom(
  '',
  '',
  '',
  ...TAGS.map((tag) => `industryTag: "${tag}"`),
  'industryTag: $tag',
  'industryTag: null',
  'industryTag: ""',
);
const cacheArgument = often(fc.constant(''), fc.constantFrom('acceptCache: true', 'acceptCache: $b'), 6);
const linkIndex = fc
  .tuple(alias, tagArgument, cacheArgument, indices, directive)
  .map(([name, tag, cache, inside, at]) => {
    const given = [tag, cache].filter((each) => each !== '').join(', ');
    return `${name}linkIndex${given && `(${given})`}${at} ${inside}`;
  });
const kolField = fc.oneof(
  { arbitrary: linkIndex, weight: 4 },
  { arbitrary: fc.tuple(alias, fc.constantFrom('id', '__typename')).map((parts) => parts.join('')), weight: 3 },
);
const kol = selection(kolField, 'Kol', 3);

const idText = often(fc.constantFrom(...KOL_IDS), fc.constantFrom(...ODD_IDS));
const idLiteral = fc.oneof(
  fc.constant('$id'),
  fc.constant('$id'),
  idText.map((id) => JSON.stringify(id)),
  often(fc.constantFrom('7', '8'), fc.constantFrom('null', '7.5'), 6),
);
const idsLiteral = fc.oneof(
  fc.constant('$ids'),
  fc.constant('$ids'),
  fc.array(idLiteral, { maxLength: 4 }).map((ids) => `[${ids.join(', ')}]`),
  idLiteral,
);
const rootField = fc.oneof(
  {
    arbitrary: fc.tuple(alias, idLiteral, kol).map(([name, id, inside]) => `${name}kol(id: ${id}) ${inside}`),
    weight: 50,
  },
  {
    arbitrary: fc.tuple(alias, idsLiteral, kol).map(([name, ids, inside]) => `${name}kols(ids: ${ids}) ${inside}`),
    weight: 50,
  },
  {
    arbitrary: fc.constantFrom('__typename', '__schema { queryType { name } }', 'nothing', '_service { sdl }'),
    weight: 5,
  },
);

/** Declares what is used, as a client's tools do; sometimes otherwise. */
function declared(body: string, defaults: boolean): string {
  const types = {
    id: 'ID!',
    ids: '[ID!]!',
    tag: defaults ? 'String = "beauty"' : 'String',
    b: defaults ? 'Boolean! = true' : 'Boolean!',
  };
  const used = Object.entries(types).filter(([name]) => new RegExp(`\\$${name}\\b`).test(body));
  return used.length === 0 ? '' : `(${used.map(([name, type]) => `$${name}: ${type}`).join(', ')})`;
}

const FRAGMENTS: Readonly<Record<string, string>> = {
  KolParts: 'fragment KolParts on Kol { id linkIndex { star { value } } }',
  LinkIndexParts: 'fragment LinkIndexParts on LinkIndex { star { value rank } fetchedAt }',
  IndexScoreParts: 'fragment IndexScoreParts on IndexScore { avgValue __typename }',
};

const documents = fc
  .tuple(
    often(
      fc.uniqueArray(rootField, { minLength: 1, maxLength: 3, selector: responseKeyOf }),
      fc.array(rootField, { minLength: 1, maxLength: 3 }),
    ),
    often(
      fc.constantFrom('query', 'query Q', '{'),
      fc.constantFrom('mutation', 'subscription S', 'query Q @unknown'),
      20,
    ),
    often(fc.constant(false), fc.boolean(), 10),
    often(
      fc.constant(''),
      fc.constantFrom(' query Other { __typename }', ' }', ' fragment Unused on Kol { id }', ' # ü'),
      10,
    ),
  )
  .map(([roots, head, defaults, tail]) => {
    const body = `{ ${roots.join(' ')} }`;
    const spread = Object.keys(FRAGMENTS).filter((name) => body.includes(`...${name}`));
    // What a fragment spreads, and what it uses, comes with it.
    const fragments = spread.map((name) => ` ${FRAGMENTS[name]}`).join('');
    const start =
      head === '{' && !body.includes('$') ? '' : `${head === '{' ? 'query' : head}${declared(body, defaults)} `;
    return `${start}${body}${fragments}${tail}`;
  });

const anyJson = fc.oneof(
  fc.constantFrom(null, 7, 2 ** 60, 1.5, true, '', {}, [], [[]], { a: { b: 1 } }, '\ud800'),
  fc.string(),
);
const variables = fc.record(
  {
    id: often(idText as fc.Arbitrary<unknown>, anyJson),
    ids: often(
      fc.array(idText, { maxLength: 6 }) as fc.Arbitrary<unknown>,
      fc.oneof(anyJson, fc.array(anyJson, { maxLength: 3 }), fc.constant(Array(60).fill('7'))),
    ),
    tag: often(fc.constantFrom('', 'beauty', 'BEAUTY', 'bad tag') as fc.Arbitrary<unknown>, anyJson),
    b: often(fc.constant(true) as fc.Arbitrary<unknown>, anyJson),
    more: often(fc.constant('unused') as fc.Arbitrary<unknown>, anyJson),
  },
  { requiredKeys: ['id', 'ids'] },
);

export const operations: fc.Arbitrary<Operation> = fc.record({
  query: documents,
  variables: often(variables as fc.Arbitrary<unknown>, fc.oneof(anyJson, fc.constant(undefined)), 25),
  operationName: often(
    fc.constantFrom<unknown>(undefined, undefined, null),
    fc.constantFrom<unknown>('Q', 'Other', '', 7),
    8,
  ),
});
