import { type Abuse, graph } from './abuse.ts';

const BY_ID = 'query ($id: ID!) { kol(id: $id) { linkIndex { star { value } } } }';
const BY_TAG = 'query ($tag: String) { kol(id: "7") { linkIndex(industryTag: $tag) { star { value } } } }';
const BY_ENTITY = 'query ($id: _Any!) { _entities(representations: [$id]) { ... on Kol { linkIndex { freshness } } } }';

const TEXTS: Readonly<Record<string, string>> = {
  NUL: '7\0',
  CRLF: '7\r\nHost: evil.example\r\n\r\nGET /api HTTP/1.1',
  'a lone surrogate': '7\ud800',
  'a second parameter': '7&token=stolen',
  'a second id': '7&kolId=8',
  'an encoded character': '7%26token%3Dstolen',
  'a fragment': '7#',
  'another path': '../../account',
  'another host': '@evil.example/',
  'a space': '7 8',
  nothing: '',
  '65 digits': '7'.repeat(65),
  '90,000 digits': '7'.repeat(90_000),
  'digits of another script': '７',
  'the other direction': '\u202e7',
  markup: '<script>alert(1)</script>',
  quotes: `7'"\``,
  'a template': '{{7*7}}',
};

const VALUES: Readonly<Record<string, unknown>> = {
  'a number that JSON rounds': 2 ** 62,
  'a fraction': 7.5,
  true: true,
  'a list': ['7'],
  'an object': { toString: '7' },
  null: null,
};

/** A bad id nulls its field, and its text never leaves the gateway. */
export const IDS: readonly Abuse[] = [
  ...Object.entries(TEXTS).map(([what, id]) => {
    return graph(`an id with ${what}`, BY_ID, { status: 200, code: 'BAD_USER_INPUT', variables: { id } });
  }),
  ...['NUL', 'CRLF', 'a lone surrogate', 'a second parameter', '65 digits'].map((what) => {
    const variables = { tag: TEXTS[what] };
    return graph(`an industry with ${what}`, BY_TAG, { status: 200, code: 'BAD_USER_INPUT', variables });
  }),
  ...Object.entries(VALUES).map(([what, id]) => {
    return graph(`an id that is ${what}`, BY_ID, { code: 'BAD_USER_INPUT', variables: { id } });
  }),
  ...['NUL', 'a second parameter'].map((what) => {
    const variables = { id: { __typename: 'Kol', id: TEXTS[what] } };
    return graph(`an entity with ${what}`, BY_ENTITY, { status: 200, code: 'BAD_USER_INPUT', variables });
  }),
  graph('an entity whose id is an object', BY_ENTITY, {
    status: 200,
    code: 'BAD_USER_INPUT',
    variables: { id: { __typename: 'Kol', id: { toString: '7' } } },
  }),
  graph('an id that is __proto__', '{ kol(id: "__proto__") { id } }', { status: 200 }),
];
