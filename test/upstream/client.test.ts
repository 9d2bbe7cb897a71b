import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { EndpointName, LinkIndexOutcome, LinkIndexSource } from '../../src/domain/link-index.ts';
import { createUpstreamClient, type UpstreamClient, type UpstreamClientOptions } from '../../src/upstream/client.ts';
import { createEndpointChoice, ENDPOINTS } from '../../src/upstream/endpoints.ts';
import { createPaidSource } from '../../src/upstream/source.ts';
import { FORCED } from '../support/requester.ts';
import {
  answers,
  type Behaviour,
  envelopeFor,
  held,
  replies,
  starOf,
  startScriptedUpstream,
} from '../support/scripted-upstream.ts';

/** Holds every character that an encoding changes. */
const TOKEN = 'canary/Token+7f3a=9c21&?%';
const MIB = 1024 * 1024;
/** Long for a loopback connection, short for a test that waits for it. */
const SHORT_TIMEOUT_MS = 400;
const KEY = { kolId: '7', industryTag: '' };
const WHOLE = JSON.stringify(envelopeFor('7'));

interface Line extends LinkIndexSource, AsyncDisposable {
  readonly client: UpstreamClient;
}

/** A paid source on a client of its own. */
function openLine(baseUrl: string, options: Partial<UpstreamClientOptions> = {}, endpoint?: EndpointName): Line {
  const client = createUpstreamClient({ baseUrl, token: () => TOKEN, timeoutMs: 10_000, keepAlive: false, ...options });
  const source = createPaidSource({
    client,
    endpoints: createEndpointChoice(endpoint ?? 'kol-link-info'),
    clock: () => 0,
    steadyMs: () => 0,
  });
  return { ...source, client, [Symbol.asyncDispose]: client.close };
}

function readingOf(outcome: LinkIndexOutcome): unknown {
  return outcome.kind === 'failure' ? [outcome.error.code, outcome.error.verdict.billed] : outcome;
}

/** What the error says in brackets. */
function reasonOf(outcome: LinkIndexOutcome): string | undefined {
  return outcome.kind === 'failure' ? /\(([^()]*)\)$/.exec(outcome.error.message)?.[1] : undefined;
}

const answerOf = (kolId: string) =>
  expect.objectContaining({ scores: expect.objectContaining({ star: starWith(kolId) }) });
const starWith = (kolId: string) => expect.objectContaining({ value: starOf(kolId) });

describe('a paid call', () => {
  test.each<[EndpointName, string, boolean, path: string, Record<string, string>]>([
    ['kol-link-info', '', true, 'get-kol-link-info/v1', { kolId: '7', acceptCache: 'true' }],
    ['kol-link-info', '', false, 'get-kol-link-info/v1', { kolId: '7', acceptCache: 'false' }],
    ['kol-link-info', 'x', true, 'get-kol-link-info/v1', { kolId: '7', industryTag: 'x', acceptCache: 'true' }],
    ['kol-link-info', 'ALL', true, 'get-kol-link-info/v1', { kolId: '7', industryTag: 'ALL', acceptCache: 'true' }],
    ['author-link-info', '', true, 'gw/api/data_sp/get_author_link_info/v1', { oAuthorId: '7' }],
    ['author-link-info', 'ALL', true, 'gw/api/data_sp/get_author_link_info/v1', { oAuthorId: '7' }],
    [
      'author-link-info',
      'GAMES',
      false,
      'gw/api/data_sp/get_author_link_info/v1',
      { oAuthorId: '7', industryTag: 'GAMES' },
    ],
  ])('to %s for industry "%s" with acceptCache %s has its exact path and parameters', async (...row) => {
    const [endpoint, industryTag, acceptCache, path, parameters] = row;
    await using upstream = await startScriptedUpstream(answers);
    await using line = openLine(upstream.baseUrl, {}, endpoint);

    await line.read({ kolId: '7', industryTag }, { ...FORCED, acceptCache });

    const seen = upstream.calls.map((call) => [call.path, [...call.parameters].sort()]);
    expect(seen).toEqual([
      [
        `/api/douyin-xingtu/${path}`,
        Object.entries({ token: TOKEN, ...parameters }).sort(([a], [b]) => (a < b ? -1 : 1)),
      ],
    ]);
  });

  test('is a GET for JSON that asks for no compression and has no token in its headers', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using line = openLine(upstream.baseUrl);

    await line.read(KEY, FORCED);

    const [requestLine, ...headers] = upstream.calls[0]?.head.split('\r\n') ?? [];
    expect(requestLine).toMatch(/^GET \S+ HTTP\/1\.1$/);
    expect(headers.sort()).toEqual([
      'accept-encoding: identity',
      'accept: application/json',
      'connection: close',
      `host: ${upstream.baseUrl.slice('http://'.length)}`,
      'user-agent: kol-gateway',
    ]);
  });

  test('keeps the path prefix of the base URL', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using line = openLine(`${upstream.baseUrl}/through/a/proxy`);
    await line.read(KEY, FORCED);
    expect(upstream.calls.map((call) => call.path)).toEqual([`/through/a/proxy${ENDPOINTS['kol-link-info'].path}`]);
  });

  test('carries the token of the moment', async () => {
    const tokens = ['old', 'new'];
    await using upstream = await startScriptedUpstream(answers);
    await using line = openLine(upstream.baseUrl, { token: () => tokens.shift() ?? '' });
    await line.read(KEY, FORCED);
    await line.read(KEY, FORCED);
    expect(upstream.calls.map(({ parameters }) => parameters.get('token'))).toEqual(['old', 'new']);
  });

  test('gets its own answer among many at once', async () => {
    const kolIds = Array.from({ length: 40 }, (_, index) => String(index));
    await using upstream = await startScriptedUpstream(answers);
    await using line = openLine(upstream.baseUrl);
    const outcomes = await Promise.all(kolIds.map((kolId) => line.read({ kolId, industryTag: '' }, FORCED)));
    expect(outcomes).toEqual(kolIds.map(answerOf));
    expect(upstream.calls).toHaveLength(kolIds.length);
  });
});

test('a ping is free: it carries no token', async () => {
  await using upstream = await startScriptedUpstream(replies(200, 'pong'));
  await using line = openLine(upstream.baseUrl);
  const { httpStatus, body } = await line.client.ping();
  expect([httpStatus, new TextDecoder().decode(body)]).toEqual([200, 'pong']);
  expect(upstream.calls).toHaveLength(1);
  expect(upstream.calls[0]?.head).toMatch(/^GET \/ping HTTP\/1\.1\r\n/);
  expect(upstream.calls[0]?.head).not.toMatch(/token|canary/i);
});

describe('what was never sent is unbilled', () => {
  const UNREACHABLE = ['UPSTREAM_UNREACHABLE', 'no'];

  test('when the port refuses', async () => {
    const gone = await startScriptedUpstream(answers);
    await gone[Symbol.asyncDispose]();
    await using line = openLine(gone.baseUrl);
    expect(readingOf(await line.read(KEY, FORCED))).toEqual(UNREACHABLE);
    await expect(line.client.ping()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });

  test('when a TLS handshake fails', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using line = openLine(upstream.baseUrl.replace('http:', 'https:'), { timeoutMs: SHORT_TIMEOUT_MS });
    expect(readingOf(await line.read(KEY, FORCED))).toEqual(UNREACHABLE);
    expect(upstream.calls).toHaveLength(0);
  });

  test('when the client is closed', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using line = openLine(upstream.baseUrl);
    await line.client.close();
    expect(readingOf(await line.read(KEY, FORCED))).toEqual(UNREACHABLE);
    expect(upstream.calls).toHaveLength(0);
  });
});

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n`;
const CLOSING = 'connection: close\r\n';
const withLength = (length: number) => `${HEAD}content-length: ${length}\r\n`;
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** The bytes, and then the end of the connection. */
const sends =
  (...parts: string[]): Behaviour =>
  (socket) =>
    void socket.end(parts.join(''));
/** The bytes, and then a reset of the connection. */
const resetsAfter =
  (...parts: string[]): Behaviour =>
  (socket) =>
    void socket.write(parts.join(''), () => socket.resetAndDestroy());
/** The bytes, and then one more at a time for ever. */
const dripsAfter =
  (...parts: string[]): Behaviour =>
  (socket) => {
    socket.write(parts.join(''));
    const dripping = setInterval(() => socket.write('7'), 10);
    socket.on('close', () => clearInterval(dripping));
  };

const compressed = (bytes: string | Uint8Array, coding: string): Behaviour =>
  replies(200, bytes, { 'content-encoding': coding });
/** Each of the two codings in a header of its own. */
const sendsTwice =
  (bytes: Uint8Array): Behaviour =>
  (socket) => {
    const codings = 'content-encoding: gzip\r\n'.repeat(2);
    socket.write(`${withLength(bytes.byteLength)}${codings}${CLOSING}\r\n`);
    socket.end(bytes);
  };
/** The last eight bytes are the checksum and the length. */
const WRONG_CHECKSUM = Buffer.concat([gzipSync(WHOLE).subarray(0, -8), Buffer.alloc(8, 7)]);
/** Below 1 MiB, and 900 MiB when it is inflated. */
const GZIP_BOMB = Buffer.concat(Array<Buffer>(900).fill(gzipSync(Buffer.alloc(MIB, ' '))));

describe('what was sent may have been billed, and is not sent again', () => {
  test.each<[string, Behaviour]>([
    ['a reset before the headers', (socket) => void socket.resetAndDestroy()],
    ['an end before the headers', sends()],
    ['headers that break off', sends('HTTP/1.1 200 OK\r\ncontent-le')],
    ['a body that ends before its length', sends(withLength(WHOLE.length), '\r\n', WHOLE.slice(0, 200))],
    ['a closing body that ends before its length', sends(withLength(9999), CLOSING, '\r\n', WHOLE)],
    ['a body that is reset before its length', resetsAfter(withLength(WHOLE.length), '\r\n', WHOLE.slice(0, 200))],
    ['a closing body that is reset before its length', resetsAfter(withLength(9999), CLOSING, '\r\n', WHOLE)],
    ['a chunk that ends early', sends(CHUNKED, '\r\n', chunk(WHOLE).slice(0, 200))],
    ['a closing chunk that ends early', sends(CHUNKED, CLOSING, '\r\n', chunk(WHOLE).slice(0, 200))],
    ['chunks without the last', sends(CHUNKED, '\r\n', chunk(WHOLE))],
    ['closing chunks without the last', sends(CHUNKED, CLOSING, '\r\n', chunk(WHOLE))],
    ['chunks that are reset', resetsAfter(CHUNKED, '\r\n', chunk(WHOLE))],
    ['closing chunks that are reset', resetsAfter(CHUNKED, CLOSING, '\r\n', chunk(WHOLE))],
  ])('after %s its outcome is unknown', async (_, behaviour) => {
    await using upstream = await startScriptedUpstream(behaviour);
    await using line = openLine(upstream.baseUrl);
    const outcome = await line.read(KEY, FORCED);
    expect(readingOf(outcome)).toEqual(['UPSTREAM_OUTCOME_UNKNOWN', 'unknown']);
    expect(reasonOf(outcome)).not.toBe('timed out');
    expect(upstream.calls).toHaveLength(1);
  });

  test.each<[string, Behaviour]>([
    ['silence', () => {}],
    ['silence after the headers', (socket) => void socket.write(`${withLength(9999)}\r\n`)],
    ['a status line that drips without end', dripsAfter('HTTP/1.1 200 ')],
    ['a header that drips without end', dripsAfter(`${HEAD}x-drip: `)],
    ['a body that drips without end', dripsAfter(withLength(MIB), '\r\n')],
    ['a body without length that drips without end', dripsAfter(HEAD, '\r\n')],
  ])('after %s one deadline ends it, and its outcome is unknown', async (_, behaviour) => {
    await using upstream = await startScriptedUpstream(behaviour);
    await using line = openLine(upstream.baseUrl, { timeoutMs: SHORT_TIMEOUT_MS });
    const outcome = await line.read(KEY, FORCED);
    expect(readingOf(outcome)).toEqual(['UPSTREAM_OUTCOME_UNKNOWN', 'unknown']);
    expect(reasonOf(outcome)).toBe('timed out');
    expect(upstream.calls).toHaveLength(1);
  });

  test('when the client is closed under it, its outcome is unknown', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using line = openLine(upstream.baseUrl);
    const reading = line.read(KEY, FORCED);
    await upstream.received(1);
    await line.client.close();
    expect(readingOf(await reading)).toEqual(['UPSTREAM_OUTCOME_UNKNOWN', 'unknown']);
  });

  test.each<[string, Behaviour]>([
    ['whose length passes the cap', sends(withLength(MIB + 1), '\r\n', WHOLE.padEnd(MIB + 1))],
    ['whose chunks pass the cap', sends(CHUNKED, '\r\n', chunk(WHOLE.padEnd(MIB)), chunk(' '), chunk(''))],
    ['without length that passes the cap', sends(HEAD, CLOSING, '\r\n', WHOLE.padEnd(MIB + 1))],
    ['that has no end', (socket) => pour(socket)],
    ['whose headers pass every limit', sends(`${HEAD}x-long: ${'x'.repeat(200_000)}\r\n\r\n`)],
    ['that is no HTTP', sends('SSH-2.0-OpenSSH_9.6\r\n')],
    ['whose length is no number', sends(HEAD, 'content-length: many\r\n\r\n', WHOLE)],
    ['whose chunk size is no number', sends(CHUNKED, '\r\nmany\r\n', WHOLE)],
    ['without length that breaks off', sends(HEAD, CLOSING, '\r\n', WHOLE.slice(0, 200))],
    ['that inflates past the cap', compressed(gzipSync(WHOLE.padEnd(MIB + 1)), 'gzip')],
    ['that inflates to a thousand times the cap', compressed(GZIP_BOMB, 'gzip')],
    ['that inflates past the cap as deflate', compressed(deflateSync(WHOLE.padEnd(MIB + 1)), 'deflate')],
    ['that inflates past the cap as raw deflate', compressed(deflateRawSync(WHOLE.padEnd(MIB + 1)), 'deflate')],
    ['that inflates past the cap as br', compressed(brotliCompressSync(WHOLE.padEnd(MIB + 1)), 'br')],
    ['that is cut off within its gzip', compressed(gzipSync(WHOLE).subarray(0, -9), 'gzip')],
    ['that is cut off within its deflate', compressed(deflateSync(WHOLE).subarray(0, -9), 'deflate')],
    ['that is cut off within its raw deflate', compressed(deflateRawSync(WHOLE).subarray(0, -9), 'deflate')],
    ['that is cut off within its br', compressed(brotliCompressSync(WHOLE).subarray(0, -9), 'br')],
    ['whose checksum is another one', compressed(WRONG_CHECKSUM, 'gzip')],
    ['that says gzip and is none', compressed(WHOLE, 'gzip')],
    ['that says deflate and is none', compressed(WHOLE, 'deflate')],
    ['that says br and is gzip', compressed(gzipSync(WHOLE), 'br')],
    ['that is gzip and does not say so', replies(200, gzipSync(WHOLE))],
    ['of two codings', compressed(gzipSync(gzipSync(WHOLE)), 'gzip, gzip')],
    ['of two codings in two headers', sendsTwice(gzipSync(gzipSync(WHOLE)))],
    ['of a coding that is not read', compressed(zstdCompressSync(WHOLE), 'zstd')],
    ['of a coding that nobody knows', compressed(WHOLE, 'constructor')],
  ])('a response %s is a bad one', async (_, behaviour) => {
    await using upstream = await startScriptedUpstream(behaviour);
    await using line = openLine(upstream.baseUrl);
    expect(readingOf(await line.read(KEY, FORCED))).toEqual(['UPSTREAM_BAD_RESPONSE', 'unknown']);
    expect(upstream.calls).toHaveLength(1);
  });
});

/** Writes as fast as the other side reads, until it leaves. */
function pour(socket: Socket): void {
  socket.write(`${HEAD}\r\n`);
  const more = () => {
    while (socket.writable && socket.write(' '.repeat(65_536)));
  };
  socket.on('drain', more);
  more();
}

describe('a whole response', () => {
  test.each<[string, Behaviour]>([
    ['of exactly 1 MiB', sends(withLength(MIB), '\r\n', WHOLE.padEnd(MIB))],
    ['in chunks of one byte', sends(CHUNKED, '\r\n', ...[...WHOLE].map(chunk), chunk(''))],
    ['that ends with its connection', sends(HEAD, CLOSING, '\r\n', WHOLE)],
    [
      'behind an early hint',
      sends('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', withLength(WHOLE.length), '\r\n', WHOLE),
    ],
  ])('%s is an answer', async (_, behaviour) => {
    await using upstream = await startScriptedUpstream(behaviour);
    await using line = openLine(upstream.baseUrl);
    expect(await line.read(KEY, FORCED)).toEqual(answerOf('7'));
  });

  test.each<[coding: string, Uint8Array]>([
    ['gzip', gzipSync(WHOLE)],
    ['GZip', gzipSync(WHOLE)],
    ['x-gzip', gzipSync(WHOLE)],
    ['identity, gzip', gzipSync(WHOLE)],
    ['deflate', deflateSync(WHOLE)],
    ['deflate', deflateRawSync(WHOLE)],
    ['deflate', deflateRawSync(WHOLE, { level: 0 })],
    ['br', brotliCompressSync(WHOLE)],
    ['identity', Buffer.from(WHOLE)],
    ['', Buffer.from(WHOLE)],
    ['gzip', gzipSync(WHOLE.padEnd(MIB))],
  ])('that is compressed unasked, as "%s", is an answer (%#)', async (coding, bytes) => {
    await using upstream = await startScriptedUpstream(compressed(bytes, coding));
    await using line = openLine(upstream.baseUrl);
    expect(await line.read(KEY, FORCED)).toEqual(answerOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });

  test('that is compressed has its code read under any status', async () => {
    const body = gzipSync(JSON.stringify({ code: 601, message: null, data: null }));
    await using upstream = await startScriptedUpstream(replies(403, body, { 'content-encoding': 'gzip' }));
    await using line = openLine(upstream.baseUrl);
    expect(readingOf(await line.read(KEY, FORCED))).toEqual(['UPSTREAM_BALANCE_INSUFFICIENT', 'no']);
  });

  test.each([
    [429, 'UPSTREAM_RATE_LIMITED', 'no'],
    [502, 'UPSTREAM_OUTCOME_UNKNOWN', 'unknown'],
  ])('whose compression cannot be undone is judged by its status %i', async (httpStatus, code, billed) => {
    await using upstream = await startScriptedUpstream(
      replies(httpStatus, zstdCompressSync('<html>'), { 'content-encoding': 'zstd' }),
    );
    await using line = openLine(upstream.baseUrl);
    expect(readingOf(await line.read(KEY, FORCED))).toEqual([code, billed]);
  });

  test.each([
    [compressed(GZIP_BOMB, 'gzip'), 'HTTP status 200 with a body that inflates past the cap'],
    [
      compressed(gzipSync(WHOLE).subarray(0, -9), 'gzip'),
      'HTTP status 200 with a body that is cut off or not what its Content-Encoding says',
    ],
    [compressed(WHOLE, TOKEN), 'HTTP status 200 with a Content-Encoding that is none of gzip, deflate and br'],
  ])('whose compression cannot be undone says why, in our words (%#)', async (behaviour, reason) => {
    await using upstream = await startScriptedUpstream(behaviour);
    await using line = openLine(upstream.baseUrl);
    expect(reasonOf(await line.read(KEY, FORCED))).toBe(reason);
  });

  test.each([301, 302, 303, 307, 308])('with redirect %d is not followed', async (httpStatus) => {
    await using elsewhere = await startScriptedUpstream(answers);
    const location = `${elsewhere.baseUrl}${ENDPOINTS['kol-link-info'].path}?kolId=7`;
    await using upstream = await startScriptedUpstream(replies(httpStatus, '', { location }));
    await using line = openLine(upstream.baseUrl);

    expect(readingOf(await line.read(KEY, FORCED))).toEqual(['UPSTREAM_BAD_RESPONSE', 'unknown']);
    expect([upstream.calls.length, elsewhere.calls.length]).toEqual([1, 0]);
  });
});

describe('a connection', () => {
  /** An upstream that would keep every connection, and sends a stray second response on each. */
  function straying(sockets: Set<Socket>): Behaviour {
    return (socket, { parameters }) => {
      sockets.add(socket);
      const body = JSON.stringify(envelopeFor(parameters.get('kolId') ?? ''));
      socket.write(`${withLength(body.length)}\r\n${body}`);
      socket.write(`${withLength(WHOLE.length)}\r\n${WHOLE}`);
    };
  }

  test('is new for every call, so that a stray response is never the next answer', async () => {
    const sockets = new Set<Socket>();
    await using upstream = await startScriptedUpstream(straying(sockets));
    await using line = openLine(upstream.baseUrl);

    for (const kolId of ['1', '2', '3']) {
      expect(await line.read({ kolId, industryTag: '' }, FORCED)).toEqual(answerOf(kolId));
    }
    expect(sockets.size).toBe(3);
    expect(upstream.calls.filter(({ head }) => /^connection: close$/im.test(head))).toHaveLength(3);
  });

  test('is used again where keep-alive is on', async () => {
    const sockets = new Set<Socket>();
    const keeping: Behaviour = (socket) => {
      sockets.add(socket);
      socket.write(`${withLength(WHOLE.length)}\r\n${WHOLE}`);
    };
    await using upstream = await startScriptedUpstream(keeping);
    await using line = openLine(upstream.baseUrl, { keepAlive: true });

    for (let read = 0; read < 8; read += 1) expect(await line.read(KEY, FORCED)).toEqual(answerOf('7'));
    expect(upstream.calls).toHaveLength(8);
    expect(sockets.size).toBeLessThan(8);
    expect(upstream.calls.filter(({ head }) => /^connection: close$/im.test(head))).toEqual([]);
  });
});

describe('the token', () => {
  /** Every form in which it could be found again. */
  const FORMS = [
    TOKEN,
    encodeURIComponent(TOKEN),
    new URLSearchParams({ token: TOKEN }).toString().slice('token='.length),
    Buffer.from(TOKEN).toString('base64'),
    Buffer.from(TOKEN).toString('base64url'),
    'canary',
  ];
  const ALL_FORMS = FORMS.join(' ');

  test.each<[string, Behaviour]>([
    ['in the body', replies(200, ALL_FORMS)],
    ['in the body of a failure', replies(502, ALL_FORMS)],
    ['in an envelope', replies(200, JSON.stringify({ code: 100, message: ALL_FORMS }))],
    ['in an unknown envelope', replies(200, JSON.stringify({ code: 999, message: ALL_FORMS, data: ALL_FORMS }))],
    ['in an unusable answer', replies(200, JSON.stringify({ code: 0, data: { base_resp: ALL_FORMS } }))],
    ['in a redirect', replies(302, '', { location: `http://127.0.0.1/?token=${TOKEN}` })],
    ['in the status line', sends(`HTTP/1.1 ${TOKEN}\r\n\r\n`)],
    ['in a broken header', sends(HEAD, `${ALL_FORMS}\r\n\r\n`)],
    ['instead of HTTP', (socket, { head }) => void socket.end(head)],
    ['in a body that breaks off', sends(withLength(9999), '\r\n', ALL_FORMS)],
    ['in a body that does not end', (socket) => void socket.write(`${withLength(9999)}\r\n${ALL_FORMS}`)],
    ['in nothing at all', (socket) => void socket.resetAndDestroy()],
  ])('is in no error when it comes back %s', async (_, behaviour) => {
    await using upstream = await startScriptedUpstream(behaviour);
    await using line = openLine(upstream.baseUrl, { timeoutMs: SHORT_TIMEOUT_MS });
    expect(formsIn(await line.read(KEY, FORCED))).toEqual([]);
  });

  test.each(['http://127.0.0.1:1', 'ftp://127.0.0.1'])(
    'is in no error when nothing can be sent to %s',
    async (baseUrl) => {
      await using line = openLine(baseUrl);
      expect(formsIn(await line.read(KEY, FORCED))).toEqual([]);
    },
  );

  function formsIn(outcome: LinkIndexOutcome): string[] {
    if (outcome.kind !== 'failure') return expect.unreachable();
    const { error } = outcome;
    const printed = [
      error.message,
      error.stack,
      JSON.stringify(error),
      inspect(error, { depth: null, showHidden: true }),
    ];
    return FORMS.filter((form) => printed.join('\n').includes(form));
  }
});
