import { gzipSync } from 'node:zlib';
import { type Abuse, BUYING, JSON_TYPE, type Sent } from './abuse.ts';

const BAD = { status: 400, code: 'BAD_REQUEST' };
const UNSUPPORTED = { status: 415, code: 'BAD_REQUEST' };
const TYPENAME = '"query":"{__typename}"';

function body(title: string, bytes: string | Buffer, expected: Omit<Abuse, 'title' | 'sent'>, headers = {}): Abuse {
  return { title, sent: { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: bytes }, ...expected };
}

function typed(contentType: string, bytes: string | Buffer): Abuse {
  const sent = { method: 'POST', headers: { ...(contentType && { 'content-type': contentType }) }, body: bytes };
  return { title: `a body of the type ${JSON.stringify(contentType)}`, sent, ...UNSUPPORTED };
}

function request(title: string, sent: Sent, expected: Omit<Abuse, 'title' | 'sent'>): Abuse {
  return { title, sent, ...expected };
}

const asked = (parameters: Record<string, string>) => `/graphql?${new URLSearchParams(parameters)}`;
const buying = JSON.stringify({ query: BUYING });
const deep = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels);

const BATCHES: readonly Abuse[] = [
  body('an empty batch', '[]', BAD),
  body('a batch of one', `[${buying}]`, BAD),
  body('a batch of eleven', `[${Array(11).fill(buying)}]`, BAD),
  body('a batch of 50,000 nothings', `[${'0,'.repeat(49_000)}0]`, BAD),
];

const DEEP: readonly Abuse[] = [
  body('lists within 49,000 others as a variable', `{${TYPENAME},"variables":{"a":${deep(49_000)}}}`, BAD),
  body(
    'objects within 15,000 others as a variable',
    `{${TYPENAME},"variables":${deep(15_000, '{"a":', '}').replace(':}', ':1}')}}`,
    BAD,
  ),
  body('lists within 49,000 others as an extension', `{${TYPENAME},"extensions":{"a":${deep(49_000)}}}`, BAD),
  body('lists within 49,000 others as a body', deep(49_000), BAD),
  body('90,000 opening brackets', '['.repeat(90_000), BAD),
  body('lists within 49,000 others where no parameter is', `{${TYPENAME},"a":${deep(49_000)}}`, BAD),
  request(
    'lists within 5,000 others in a URL',
    { path: asked({ query: '{__typename}', variables: `{"a":${deep(2500)}}` }) },
    BAD,
  ),
];

const SHAPES: readonly Abuse[] = [
  body('no body', '', BAD),
  body('null', 'null', BAD),
  body('a string', '"{__typename}"', BAD),
  body('a number', '1e999', BAD),
  body('a query that is a list', '{"query":["{__typename}"]}', BAD),
  body('a query that is an object', '{"query":{"toString":"x"}}', BAD),
  body('no query', '{"variables":{}}', BAD),
  body('variables that are a list', `{${TYPENAME},"variables":[]}`, BAD),
  body('extensions that are a string', `{${TYPENAME},"extensions":"x"}`, BAD),
  body('an operation name that is a list', `{${TYPENAME},"operationName":["a"]}`, BAD),
  body('an operation that is not there', `{${TYPENAME},"operationName":"__proto__"}`, {
    status: 400,
    code: 'OPERATION_RESOLUTION_FAILURE',
  }),
  body('an unknown parameter', `{${TYPENAME},"token":"x"}`, BAD),
];

const PROTOTYPES: readonly Abuse[] = [
  body('__proto__ as a parameter', `{${TYPENAME},"__proto__":{"query":"x"}}`, BAD),
  body('constructor as a parameter', `{${TYPENAME},"constructor":{"prototype":{"polluted":1}}}`, BAD),
  body('__proto__ as a variable', `{"query":"query($id:ID!){kol(id:$id){id}}","variables":{"__proto__":{"id":"7"}}}`, {
    status: 400,
    code: 'BAD_USER_INPUT',
  }),
  body('a variable that every object has', `{"query":"query($toString:ID!){kol(id:$toString){id}}","variables":{}}`, {
    status: 400,
    code: 'BAD_USER_INPUT',
  }),
  body(
    '__proto__ and constructor in extensions',
    `{${TYPENAME},"extensions":{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}}}}`,
    { status: 200 },
  ),
  body('the query twice, the last of which counts', `{"query":${JSON.stringify(BUYING)},${TYPENAME}}`, { status: 200 }),
];

const ENCODINGS: readonly Abuse[] = [
  body('gzip', gzipSync(buying), UNSUPPORTED, { 'content-encoding': 'gzip' }),
  body('50 MB in gzip', gzipSync(Buffer.alloc(50_000_000, ' ')), UNSUPPORTED, { 'content-encoding': 'gzip' }),
  body('Brotli', buying, UNSUPPORTED, { 'content-encoding': 'br' }),
  typed('application/json; charset=utf-16', Buffer.from(buying, 'utf16le')),
  body('gzip that says it is none', gzipSync(buying), BAD),
  body('UTF-16 that says it is UTF-8', Buffer.from(buying, 'utf16le'), BAD),
  body('a byte order mark', `\ufeff${buying}`, BAD),
  body(
    'bytes that are no UTF-8 in a query',
    Buffer.concat([Buffer.from('{"query":"{ '), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from(' }"}')]),
    { status: 400, code: 'GRAPHQL_PARSE_FAILED' },
  ),
  body(
    'bytes that are no UTF-8 in an id',
    Buffer.concat([
      Buffer.from('{"query":"{ kol(id: \\"7'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('\\") { id linkIndex { freshness } } }"}'),
    ]),
    { status: 200, code: 'BAD_USER_INPUT' },
  ),
];

const TYPES: readonly Abuse[] = [
  typed('application/x-www-form-urlencoded', `query=${encodeURIComponent(BUYING)}`),
  typed(
    'multipart/form-data; boundary=x',
    `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${buying}\r\n--x--`,
  ),
  typed('text/plain', buying),
  typed('application/graphql', BUYING),
  typed('application/xml', buying),
  typed('application/jsonp', buying),
  typed('', buying),
];

const SIZES: readonly Abuse[] = [
  body('100,001 bytes', buying.padEnd(100_001), { status: 413, code: 'PAYLOAD_TOO_LARGE' }),
  body('3 MB', buying.padEnd(3_000_000), { status: 413, code: 'PAYLOAD_TOO_LARGE' }),
  request('a URL of 20 kB', { path: asked({ query: BUYING.padEnd(20_000) }) }, { status: 431 }),
  request(
    'a header of 20 kB',
    { path: asked({ query: BUYING }), headers: { prefer: 'x'.repeat(20_000) } },
    { status: 431 },
  ),
  ...['"', '\\"', '" ', ', "\\', ' ,', '\t', ';'].map((each) =>
    request(
      `15 kB of ${JSON.stringify(each)} in Prefer`,
      {
        path: asked({ query: BUYING }),
        headers: { prefer: `dry-run=, a="", b=${each.repeat(15_000 / each.length)}c` },
      },
      { status: 200, code: 'WOULD_BUY' },
    ),
  ),
];

const METHODS: readonly Abuse[] = [
  request(
    'a mutation by GET',
    { path: asked({ query: 'mutation { __typename }' }) },
    { status: 405, code: 'BAD_REQUEST' },
  ),
  request(
    'a subscription by GET',
    { path: asked({ query: 'subscription { a }' }) },
    { status: 400, code: 'GRAPHQL_VALIDATION_FAILED' },
  ),
  request('a query in the URL of a POST', { method: 'POST', path: asked({ query: BUYING }) }, UNSUPPORTED),
  request('a GET without a query', { path: '/graphql' }, BAD),
  request('a GET with a body', { path: '/graphql', headers: JSON_TYPE, body: buying }, BAD),
  request('a PUT', { method: 'PUT', headers: JSON_TYPE, body: buying }, { status: 405, code: 'BAD_REQUEST' }),
  request('a DELETE', { method: 'DELETE', path: asked({ query: BUYING }) }, { status: 405, code: 'BAD_REQUEST' }),
  request('a TRACE', { method: 'TRACE', path: asked({ query: BUYING }) }, { status: 405, code: 'BAD_REQUEST' }),
];

export const BODIES: readonly Abuse[] = [
  ...BATCHES,
  ...DEEP,
  ...SHAPES,
  ...PROTOTYPES,
  ...ENCODINGS,
  ...TYPES,
  ...SIZES,
  ...METHODS,
];
