import fc from 'fast-check';

/** One operation as a client might send it, good or bad. */
export interface Operation {
  readonly query: string;
  readonly variables: unknown;
  readonly operationName: unknown;
  /** The same document, asked otherwise: more often with variables that are missing, null or of another type. */
  readonly otherwise: { readonly variables: unknown; readonly operationName: unknown };
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
  fc.constantFrom(
    ...[' @include(if: true)', ' @skip(if: false)', ' @skip(if: true)', ' @include(if: $b)', ' @skip(if: $off)'],
    ' @unknown',
  ),
  20,
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
const cacheArgument = often(fc.constant(''), fc.constantFrom('acceptCache: true', 'acceptCache: $b'), 4);
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

/** Nothing odd in them but, perhaps, their variables. */
const usualDirective = fc.constantFrom('', '', ' @include(if: $b)', ' @skip(if: $off)');
const usualRoots = fc
  .tuple(
    fc.constantFrom('kol(id: $id)', 'kols(ids: $ids)'),
    tagArgument,
    usualDirective,
    usualDirective,
    usualDirective,
  )
  .map(([root, tag, ...directives]) => {
    const [atRoot, atIndex, atScore] = directives;
    const given = tag && `(${tag})`;
    return [`${root}${atRoot} { id linkIndex${given}${atIndex} { star${atScore} { value rank } fetchedAt } }`];
  });

/** Where a selection is left out, its variables are declared, and checked, all the same. */
const skippedPart = often(
  fc.constant(''),
  fc.constantFrom(
    ' left: kol(id: "7") @skip(if: true) { linkIndex(industryTag: $tag, acceptCache: $b) { fetchedAt } }',
    ' left: kols(ids: $ids) @skip(if: $off) { linkIndex(industryTag: $tag) { fetchedAt } }',
    ' ... @include(if: $b) { left: kol(id: $id) { __typename } }',
  ),
  4,
);

/** Types that fit, mostly; what may be null beside a default value may not be null in its place. */
const types = fc.record({
  id: often(fc.constant('ID!'), fc.constantFrom('ID! = "7"', 'ID = 8', 'ID', 'String!')),
  ids: often(fc.constant('[ID!]!'), fc.constantFrom('[ID!]! = ["7", "8"]', '[ID!] = 7', '[ID]!')),
  tag: fc.constantFrom('String', 'String', 'String!', 'String = "beauty"', 'String! = "BEAUTY"', 'String = null'),
  b: often(fc.constantFrom('Boolean!', 'Boolean! = true'), fc.constantFrom('Boolean = true', 'Boolean'), 4),
  off: often(fc.constantFrom('Boolean!', 'Boolean! = true', 'Boolean! = false'), fc.constant('Boolean = true'), 4),
  unused: fc.constantFrom('Int', '[[String!]]'),
});

/** Declares what is used, as a client's tools do; sometimes what is not used, too, or not. */
function declared(body: string, types: Readonly<Record<string, string>>, isExact: boolean): string {
  const used = Object.entries(types).filter(([name]) => !isExact || new RegExp(`\\$${name}\\b`).test(body));
  return used.length === 0 ? '' : `(${used.map(([name, type]) => `$${name}: ${type}`).join(', ')})`;
}

const FRAGMENTS: Readonly<Record<string, string>> = {
  KolParts: 'fragment KolParts on Kol { id linkIndex { star { value } } }',
  LinkIndexParts: 'fragment LinkIndexParts on LinkIndex { star { value rank } fetchedAt }',
  IndexScoreParts: 'fragment IndexScoreParts on IndexScore { avgValue __typename }',
};

const documents = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.uniqueArray(rootField, { minLength: 1, maxLength: 3, selector: responseKeyOf }), weight: 8 },
      { arbitrary: fc.array(rootField, { minLength: 1, maxLength: 3 }), weight: 1 },
      { arbitrary: usualRoots, weight: 8 },
    ),
    often(
      fc.constantFrom('query', 'query Q', '{'),
      fc.constantFrom('mutation', 'subscription S', 'query Q @unknown'),
      20,
    ),
    fc.tuple(types, often(fc.constant(true), fc.constant(false), 30)),
    skippedPart,
    often(
      fc.constant(''),
      fc.constantFrom(
        ' query Other { __typename }',
        ' query Other($tag: Int!) { other: __typename @skip(if: true) }',
        ' }',
        ' fragment Unused on Kol { id }',
        ' # ü',
      ),
      10,
    ),
  )
  .map(([roots, head, [types, isExact], skipped, tail]) => {
    const body = `{ ${roots.join(' ')}${skipped} }`;
    const spread = Object.keys(FRAGMENTS).filter((name) => body.includes(`...${name}`));
    // What a fragment spreads, and what it uses, comes with it.
    const fragments = spread.map((name) => ` ${FRAGMENTS[name]}`).join('');
    const start =
      head === '{' && !body.includes('$') ? '' : `${head === '{' ? 'query' : head}${declared(body, types, isExact)} `;
    return `${start}${body}${fragments}${tail}`;
  });

const anyJson = fc.oneof(
  fc.constantFrom(null, 7, 2 ** 60, 1.5, true, '', {}, [], [[]], { a: { b: 1 } }, '\ud800'),
  fc.string(),
);
/** What JSON leaves out where it is undefined. */
const missing = fc.constant<unknown>(undefined);
const odd = fc.oneof({ arbitrary: anyJson, weight: 2 }, missing, fc.constant(null));

/** @param weight how many times as often a value is one that its usual type takes */
const variables = (weight: number) =>
  often(
    fc.record({
      id: often(idText as fc.Arbitrary<unknown>, odd, weight),
      ids: often(
        fc.array(idText, { maxLength: 6 }) as fc.Arbitrary<unknown>,
        fc.oneof(odd, fc.array(fc.oneof(idText, anyJson), { maxLength: 3 }), idText, fc.constant(Array(60).fill('7'))),
        weight,
      ),
      tag: often(fc.constantFrom<unknown>('', 'beauty', 'BEAUTY', 'bad tag'), odd, weight),
      b: often(fc.constantFrom<unknown>(true, true, false), fc.oneof(odd, fc.constantFrom('true', 1)), weight),
      off: often(fc.boolean() as fc.Arbitrary<unknown>, fc.oneof(odd, fc.constantFrom('false', 0)), weight),
      unused: often(missing, odd),
      unknown: often(missing, fc.oneof(odd, fc.constant('unknown'))),
    }) as fc.Arbitrary<unknown>,
    fc.oneof(anyJson, missing),
    25,
  );

const operationName = (...more: string[]) =>
  often(
    fc.constantFrom<unknown>(undefined, undefined, null),
    fc.constantFrom<unknown>('Q', 'Other', '', 7, ...more),
    more.length > 0 ? 3 : 8,
  );

export const operations: fc.Arbitrary<Operation> = fc.record({
  query: documents,
  variables: variables(25),
  operationName: operationName(),
  otherwise: fc.record({ variables: variables(3), operationName: operationName('*', 'undefined', 'null') }),
});
