import { brotliCompressSync, gzipSync } from 'node:zlib';
import {
  CHUNKED,
  CLOSING,
  chunk,
  dripsAfter,
  ECHO,
  HEAD,
  pours,
  resetsAfter,
  sends,
  stallsAfter,
  strays,
  withLength,
} from '../support/raw-responses.ts';
import { envelopeFor, replies } from '../support/scripted-upstream.ts';
import { ANSWERED, BAD_RESPONSE, type Fault, faults, OUTCOME_UNKNOWN, UNREACHABLE, VICTIM } from './faults.ts';

const MIB = 1024 * 1024;
const WHOLE = JSON.stringify(envelopeFor(VICTIM));
const HALF = WHOLE.slice(0, 200);
const STRAY = JSON.stringify(envelopeFor('stray'));
const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n';
const WHOLE_RESPONSE = `${withLength(WHOLE.length)}\r\n${WHOLE}`;
/** Long for a loopback connection of a busy machine, short for a test that waits for it. */
const IMPATIENT = { env: { UPSTREAM_TIMEOUT_SECONDS: '3' } };

/** What goes wrong below the envelope: connections, and HTTP itself. */
export const TRANSPORT_FAULTS: readonly Fault[] = [
  ...faults(UNREACHABLE, [
    ['a refused port', { obstacle: 'a refused port' }],
    ['a host that DNS does not know', { obstacle: 'an unknown host' }],
    ['a server that answers TLS in plain text', { obstacle: 'plain text instead of TLS' }],
    ['a TLS handshake that is reset', { obstacle: 'a reset in the TLS handshake' }],
    ['a TLS handshake that ends', { obstacle: 'an end in the TLS handshake' }],
    ['a self-signed certificate', { obstacle: 'a self-signed certificate' }],
  ]),
  ...faults(
    { ...UNREACHABLE, attempts: 1 },
    [['a TLS handshake without an answer', { obstacle: 'silence in the TLS handshake' }]],
    { env: { ...IMPATIENT.env, UPSTREAM_MAX_ATTEMPTS: '1' } },
  ),

  ...faults(OUTCOME_UNKNOWN, [
    ['a reset before the headers', resetsAfter()],
    ['an end before the headers', sends()],
    ['headers that break off', sends('HTTP/1.1 200 OK\r\ncontent-le')],
    ['headers that are reset', resetsAfter('HTTP/1.1 200 OK\r\ncontent-le')],
    ['a body that ends before its length', sends(withLength(WHOLE.length), '\r\n', HALF)],
    ['a body without one byte of its length', sends(withLength(WHOLE.length), '\r\n')],
    ['a whole envelope that ends before its length', sends(withLength(9999), CLOSING, '\r\n', WHOLE)],
    ['a body that is reset before its length', resetsAfter(withLength(WHOLE.length), '\r\n', HALF)],
    ['a whole envelope that is reset before its length', resetsAfter(withLength(9999), CLOSING, '\r\n', WHOLE)],
    ['a chunk that ends early', sends(CHUNKED, '\r\n', chunk(WHOLE).slice(0, 200))],
    ['chunks without the last', sends(CHUNKED, '\r\n', chunk(WHOLE))],
    ['closing chunks without the last', sends(CHUNKED, CLOSING, '\r\n', chunk(WHOLE))],
    ['chunks that are reset', resetsAfter(CHUNKED, '\r\n', chunk(WHOLE))],
    [
      'the same Content-Length twice',
      sends(withLength(WHOLE.length), `content-length: ${WHOLE.length}\r\n\r\n`, WHOLE),
    ],
    ['two different Content-Lengths', sends(withLength(WHOLE.length), 'content-length: 9999\r\n\r\n', WHOLE)],
    ['HTTP 101', sends('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n')],
    ['an answer behind HTTP 100', sends('HTTP/1.1 100 Continue\r\n\r\n', WHOLE_RESPONSE)],
    ['early hints and then the end', sends(HINT)],
    ['a kept connection that is reset', resetsAfter(), { env: { UPSTREAM_KEEP_ALIVE: 'true' } }],
    ['a cut-off body that repeats the token', sends(withLength(9999), '\r\n', ECHO)],
  ]),

  ...faults(
    OUTCOME_UNKNOWN,
    [
      ['silence', () => {}],
      ['silence after early hints', stallsAfter(HINT)],
      ['silence after the headers', stallsAfter(withLength(9999), '\r\n')],
      ['silence in mid-body', stallsAfter(withLength(WHOLE.length), '\r\n', HALF)],
      ['silence before the last chunk', stallsAfter(CHUNKED, '\r\n', chunk(WHOLE))],
      ['a status line that drips without end', dripsAfter('HTTP/1.1 200 ')],
      ['a header that drips without end', dripsAfter(`${HEAD}x-drip: `)],
      ['a body that drips without end', dripsAfter(withLength(MIB), '\r\n')],
      ['a body without length that drips without end', dripsAfter(HEAD, '\r\n')],
      ['a 1xx flood without end', pours(HINT, HINT)],
      ['a stalled body that repeats the token', stallsAfter(withLength(9999), '\r\n', ECHO)],
    ],
    IMPATIENT,
  ),

  ...faults(BAD_RESPONSE, [
    // Not to be told from its end: without a length, a body ends with its connection.
    ['a body without length that is reset', resetsAfter(HEAD, CLOSING, '\r\n', HALF)],
    ['a body of 20 MB with its length', sends(withLength(20 * MIB), CLOSING, '\r\n', WHOLE.padEnd(20 * MIB))],
    ['a body of 20 MB in chunks', sends(CHUNKED, CLOSING, '\r\n', chunk(WHOLE.padEnd(20 * MIB)), chunk(''))],
    ['a body of 20 MB without length', sends(HEAD, CLOSING, '\r\n', WHOLE.padEnd(20 * MIB))],
    ['a body one byte over the cap', sends(withLength(MIB + 1), CLOSING, '\r\n', WHOLE.padEnd(MIB + 1))],
    ['a body without end', pours(`${HEAD}\r\n`, ' '.repeat(65_536))],
    ['a gzip bomb', replies(200, gzipSync(WHOLE.padEnd(64 * MIB)), { 'content-encoding': 'gzip' })],
    ['a gzipped answer that is cut off', replies(200, gzipSync(WHOLE).subarray(0, -9), { 'content-encoding': 'gzip' })],
    ['an answer that says gzip and is none', replies(200, WHOLE, { 'content-encoding': 'gzip' })],
    ['an answer gzipped twice', replies(200, gzipSync(gzipSync(WHOLE)), { 'content-encoding': 'gzip, gzip' })],
    ['a coding that repeats the token', replies(200, gzipSync(WHOLE), { 'content-encoding': ECHO })],
    ['a Content-Length that is no number', sends(HEAD, 'content-length: many\r\n\r\n', WHOLE)],
    ['a negative Content-Length', sends(HEAD, 'content-length: -1\r\n\r\n', WHOLE)],
    ['a length and chunks at once', sends(CHUNKED, 'content-length: 5\r\n\r\n', chunk(WHOLE), chunk(''))],
    ['a chunk size that is no number', sends(CHUNKED, '\r\nmany\r\n', WHOLE)],
    ['one header of 200 kB', sends(`${HEAD}x-long: ${'x'.repeat(200_000)}\r\n\r\n`, WHOLE)],
    ['a flood of 10,000 headers', sends(HEAD, 'x-flood: 1\r\n'.repeat(10_000), '\r\n', WHOLE)],
    ['a header flood without end', pours(HEAD, 'x-flood: 1\r\n'.repeat(1000))],
    ['another protocol', sends('SSH-2.0-OpenSSH_9.6\r\n')],
    ['a header that is no header', sends(HEAD, `${ECHO}\r\n\r\n`, WHOLE)],
    ['a status line that repeats the token', sends(`HTTP/1.1 ${ECHO}\r\n\r\n`)],
    ['the request sent back', (socket, { head }) => void socket.end(head)],
    ['a truncated answer without Content-Length', sends(HEAD, CLOSING, '\r\n', HALF)],
    ['a truncated answer whose length is right', replies(200, HALF)],
    ['redirect 301 to another host', { redirect: 301 }],
    ['redirect 302 to another host', { redirect: 302 }],
    ['redirect 303 to another host', { redirect: 303 }],
    ['redirect 307 to another host', { redirect: 307 }],
    ['redirect 308 to another host', { redirect: 308 }],
  ]),

  ...faults(ANSWERED, [
    ['an answer in chunks of one byte', sends(CHUNKED, CLOSING, '\r\n', ...[...WHOLE].map(chunk), chunk(''))],
    ['an answer of exactly 1 MiB', sends(withLength(MIB), CLOSING, '\r\n', WHOLE.padEnd(MIB))],
    ['an answer that ends with its connection', sends(HEAD, CLOSING, '\r\n', WHOLE)],
    ['an answer behind 1,000 early hints', sends(HINT.repeat(1000), WHOLE_RESPONSE)],
    ['a gzipped answer that nobody asked for', replies(200, gzipSync(WHOLE), { 'content-encoding': 'gzip' })],
    [
      'an answer in Brotli that nobody asked for',
      replies(200, brotliCompressSync(WHOLE), { 'content-encoding': 'br' }),
    ],
    ['a second answer in the same breath', strays(WHOLE, STRAY, 'at once')],
    ['a second answer in the same breath on a kept connection', strays(WHOLE, STRAY, 'at once'), keptAlive()],
    ['a late second answer', strays(WHOLE, STRAY, 'late')],
    ['an answer with garbage behind it', sends(WHOLE_RESPONSE, '7'.repeat(1000))],
    ['an answer with garbage behind it on a kept connection', stallsAfter(WHOLE_RESPONSE, '7\r\n'), keptAlive()],
    ['an answer with the token in a header', replies(200, WHOLE, { 'x-echo': ECHO, 'set-cookie': ECHO })],
  ]),
];

function keptAlive() {
  return { env: { UPSTREAM_KEEP_ALIVE: 'true' } };
}
