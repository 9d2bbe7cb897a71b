import { type Abuse, BUYING } from './abuse.ts';

const BODY = JSON.stringify({ query: BUYING });
/** What must not be taken for a request of its own. */
const SMUGGLED = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
const CHUNKED = 'transfer-encoding: chunked';

function head(...lines: string[]): string {
  return ['POST /graphql HTTP/1.1', 'host: localhost', 'content-type: application/json', ...lines, '', ''].join('\r\n');
}

function chunks(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

function raw(title: string, bytes: string | Buffer, status = 400, code?: string): Abuse {
  return { title, sent: { bytes }, status, code };
}

/** What no HTTP library sends: two readings of one request, with a second one between them, and worse. */
export const SOCKETS: readonly Abuse[] = [
  raw('both lengths, chunked first', `${head(CHUNKED, `content-length: ${BODY.length}`)}${chunks(BODY)}`),
  raw('both lengths, chunked last', `${head('content-length: 4', CHUNKED)}0\r\n\r\n${SMUGGLED}`),
  raw('two lengths that differ', `${head(`content-length: ${BODY.length}`, 'content-length: 0')}${BODY}`),
  raw(
    'two lengths that are equal',
    `${head(`content-length: ${BODY.length}`, `content-length: ${BODY.length}`)}${BODY}`,
  ),
  raw('two lengths in one', `${head(`content-length: ${BODY.length}, ${BODY.length}`)}${BODY}`),
  raw('a length with a sign', `${head(`content-length: +${BODY.length}`)}${BODY}`),
  raw('a negative length', `${head('content-length: -1')}${BODY}`),
  raw('a length in hexadecimal digits', `${head(`content-length: 0x${BODY.length.toString(16)}`)}${BODY}`),
  raw('a length beyond 64 bits', `${head('content-length: 99999999999999999999')}${BODY}`),
  raw('chunked twice', `${head(CHUNKED, CHUNKED)}0\r\n\r\n${SMUGGLED}`),
  raw('chunked, and then something else', `${head('transfer-encoding: chunked, identity')}0\r\n\r\n${SMUGGLED}`),
  raw('almost chunked', `${head('transfer-encoding: xchunked')}${chunks(BODY)}`),
  raw('a space before the colon', `${head('transfer-encoding : chunked')}${chunks(BODY)}`),
  raw('a header on two lines', `${head('x-a: b', ' transfer-encoding: chunked')}${BODY}`),
  raw('lines that end in LF', head('content-length: 0').replaceAll('\r\n', '\n') + SMUGGLED),
  raw('a lone CR in a header', `${head(`x-a: b\r${CHUNKED}`)}${BODY}`),
  raw('NUL in a header', `${head('x-a: b\0')}${BODY}`),
  raw('a header without a name', `${head(': x')}${BODY}`),
  raw('a chunk whose size is no number', `${head(CHUNKED)}zz\r\n${BODY}\r\n0\r\n\r\n`),
  raw('a chunk whose size is beyond 64 bits', `${head(CHUNKED)}fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`),
  raw('a chunk longer than it says', `${head(CHUNKED)}5\r\n${BODY}\r\n0\r\n\r\n`),
  raw('20 kB of chunk extensions', `${head(CHUNKED)}1;${'a'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`, 413),
  raw('no host', 'GET /livez HTTP/1.1\r\n\r\n'),
  raw('two hosts', `GET /livez HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n`),
  raw(
    'another host in the request line',
    `GET http://evil.example/graphql?query={__typename} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
    403,
    'FORBIDDEN',
  ),
  raw('a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n', 0),
  raw('another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  raw('a TLS handshake', Buffer.from('16030100a5010000a10303', 'hex')),
  raw('HTTP/0.9', 'GET /graphql\r\n\r\n', 200, 'BAD_REQUEST'),
  raw('a method that nobody knows', 'BUY /graphql HTTP/1.1\r\nhost: localhost\r\n\r\n'),
  raw('20 kB of headers', head(`x-a: ${'a'.repeat(20_000)}`), 431),
  raw('headers that never end', head(...Array.from({ length: 2000 }, (_, n) => `x-${n}: 1234`)), 431),
  raw(
    'a request hidden in the body of a GET',
    `GET /livez HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${SMUGGLED.length}\r\nconnection: close\r\n\r\n${SMUGGLED}`,
    200,
  ),
  raw(
    'a request hidden in a body that is refused',
    `${head('content-encoding: gzip', `content-length: ${SMUGGLED.length}`, 'connection: close')}${SMUGGLED}`,
    415,
    'BAD_REQUEST',
  ),
  raw(
    'a request behind a body that is far too long',
    `${head('content-length: 20000000')}${SMUGGLED}`,
    413,
    'PAYLOAD_TOO_LARGE',
  ),
  raw('a body that ends too early', `${head('content-length: 1000')}${BODY}`),
];
