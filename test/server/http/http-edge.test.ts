import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { startHttpServer } from '../../../src/server/http/http-server.ts';
import { createRequestListener } from '../../../src/server/http/request-listener.ts';
import { STAR_OF } from '../../operations.ts';
import { OPEN_EDGE } from '../../support/open-edge.ts';
import { answers, held, starOf, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startTestGateway } from '../../support/test-gateway.ts';

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Each is written on its own; without a content-length header they go chunked. */
  readonly body?: readonly string[];
  /** Waits for the response with the body still open. */
  readonly isUnfinished?: boolean;
}

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const PAGE_VISIT = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'sec-fetch-site': 'none' };
const TYPENAME = JSON.stringify({ query: '{ __typename }' });
const BUYING = JSON.stringify({ query: '{ kol(id: "7") { linkIndex { star { value } } } }' });
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What `fetch` cannot send: any Host, any Origin, a body in pieces. Follows no redirect. */
async function send(
  origin: string,
  { method = 'GET', path = '/graphql', headers = {}, body = [], isUnfinished = false }: Sent,
): Promise<Received> {
  const outgoing = request(`${origin}${path}`, { method, headers, agent: false });
  outgoing.on('error', () => {}); // once the response is there, a connection that breaks is no matter
  outgoing.flushHeaders();
  for (const piece of body) outgoing.write(piece);
  if (!isUnfinished) outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const received = { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
  outgoing.destroy();
  return received;
}

function post(origin: string, body: string, headers: Record<string, string> = {}): Promise<Received> {
  return send(origin, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: [body] });
}

function codesOf(received: Received): unknown[] {
  const { errors = [] } = JSON.parse(received.text) as { errors?: { extensions: { code: string } }[] };
  return errors.map(({ extensions }) => extensions.code);
}

describe('routes', () => {
  test('the process says that it is alive and ready, and nothing is elsewhere', async () => {
    await using gateway = await startTestGateway();
    expect(await send(gateway.origin, { path: '/livez' })).toMatchObject({ status: 200, text: '{"status":"alive"}' });
    expect(await send(gateway.origin, { path: '/readyz?verbose' })).toMatchObject({
      status: 200,
      text: '{"status":"ready"}',
      headers: { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(await send(gateway.origin, { path: '/livez', method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    for (const path of ['/', '/health', '/graphql/', '/graphiql', '//graphql', '/livez/x']) {
      const received = await send(gateway.origin, { path });
      expect(received.status).toBe(404);
      expect(codesOf(received)).toEqual(['NOT_FOUND']);
    }
  });

  test.each([
    ['starting', 'keep-alive'],
    ['draining', 'close'],
  ] as const)('while %s it is alive and not ready', async (readiness, connection) => {
    const listener = createRequestListener({
      graphql: async () => {},
      ...OPEN_EDGE,
      host: '127.0.0.1',
      corsOrigins: [],
      readiness: () => readiness,
      isSandbox: false,
      logFault: () => {},
    });
    const server = await startHttpServer({ host: '127.0.0.1', port: 0, listener });
    const headers = { connection: 'keep-alive' };
    expect(await send(server.origin, { path: '/readyz', headers })).toMatchObject({
      status: 503,
      text: `{"status":"${readiness}"}`,
      headers: { connection },
    });
    expect(await send(server.origin, { path: '/livez' })).toMatchObject({ status: 200 });
    await server.close();
  });

  test('a browser that comes to / gets the page, and a program does not', async () => {
    await using gateway = await startTestGateway();
    const page = await send(gateway.origin, { path: '/', headers: PAGE_VISIT });
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(await send(gateway.origin, { path: '/', method: 'POST', headers: PAGE_VISIT })).toMatchObject({
      status: 404,
    });
    expect(await send(gateway.origin, { path: '/', headers: { accept: '*/*' } })).toMatchObject({ status: 404 });
  });

  test('GRAPHIQL=false serves no page', async () => {
    await using gateway = await startTestGateway({ env: { GRAPHIQL: 'false' } });
    expect(await send(gateway.origin, { path: '/', headers: PAGE_VISIT })).toMatchObject({ status: 404 });
    const received = await send(gateway.origin, { headers: PAGE_VISIT });
    expect(received.headers['content-type']).toMatch(/^application\/json/);
    expect(codesOf(received)).toHaveLength(1);
  });
});

describe('headers on every response', () => {
  const requests: readonly Sent[] = [
    { path: '/livez' },
    { path: '/readyz' },
    { path: '/nothing' },
    { path: '/', headers: PAGE_VISIT },
    { headers: PAGE_VISIT },
    { path: '/graphql?query={__typename}' },
    { method: 'POST', headers: JSON_TYPE, body: [TYPENAME] },
    { method: 'POST', headers: JSON_TYPE, body: ['{'] },
    { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: ['--x--'] },
    { method: 'POST', headers: { ...JSON_TYPE, 'content-length': '100001' }, isUnfinished: true },
    { method: 'POST', headers: { ...JSON_TYPE, origin: 'https://evil.example' }, body: [TYPENAME] },
    { method: 'DELETE' },
    { method: 'OPTIONS' },
    { headers: { host: 'evil.example' } },
  ];

  test('the sandbox says so on each, and a live gateway on none', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using sandbox = await startTestGateway();
    await using live = await startTestGateway({ upstream });
    for (const each of requests) {
      expect((await send(sandbox.origin, each)).headers['x-kol-gateway-mode']).toBe('sandbox');
      expect((await send(live.origin, each)).headers).not.toHaveProperty('x-kol-gateway-mode');
    }
  });

  test('a request without an id gets a new one', async () => {
    await using gateway = await startTestGateway();
    const ids = [];
    for (const each of requests) ids.push((await send(gateway.origin, each)).headers['x-request-id']);
    for (const id of ids) expect(id).toMatch(UUID);
    expect(new Set(ids).size).toBe(requests.length);
  });

  test("the caller's own id comes back, and stands in the errors", async () => {
    await using gateway = await startTestGateway();
    for (const id of ['a', 'Root=1-67891233-abcdef012345678912345678', '00-4bf9/x.y:z+w_=', 'x'.repeat(128)]) {
      const received = await post(gateway.origin, '{', { 'x-request-id': id });
      expect(received.headers['x-request-id']).toBe(id);
      expect(JSON.parse(received.text)).toMatchObject({ errors: [{ extensions: { requestId: id } }] });
    }
  });

  test.each(['', ' ', 'a b', 'a"b', '{"level":"error"}', 'a,b', 'é', 'x'.repeat(129)])(
    'the bad id %j is replaced',
    async (id) => {
      await using gateway = await startTestGateway();
      const received = await send(gateway.origin, { path: '/livez', headers: { 'x-request-id': id } });
      expect(received.headers['x-request-id']).toMatch(UUID);
    },
  );
});

describe('a body', () => {
  /** A query that is padded to so many bytes. */
  const sized = (bytes: number) => TYPENAME.padEnd(bytes);

  test('of 100 kB is taken, with its length told or in chunks', async () => {
    await using gateway = await startTestGateway();
    const whole = sized(100_000);
    for (const [headers, body] of [
      [{ 'content-length': '100000' }, [whole]],
      [{}, [whole.slice(0, 60_000), whole.slice(60_000)]],
    ] as const) {
      const received = await send(gateway.origin, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body });
      expect(received).toMatchObject({ status: 200, text: '{"data":{"__typename":"Query"}}' });
    }
  });

  test.each([
    ['with its length told', { 'content-length': '100001' }, [sized(100_001)]],
    ['with its length told and nothing sent', { 'content-length': '1000000000' }, []],
    ['in chunks', {}, [sized(60_000), ' '.repeat(40_001)]],
    ['in bytes though not in letters', {}, [`{"query":"# ${'指'.repeat(40_000)}"}`]],
  ])('over 100 kB, %s, is refused before its end', async (_how, headers, body) => {
    await using gateway = await startTestGateway();
    const received = await send(gateway.origin, {
      method: 'POST',
      headers: { ...JSON_TYPE, connection: 'keep-alive', ...headers },
      body,
      isUnfinished: true,
    });
    expect(received.status).toBe(413);
    expect(codesOf(received)).toEqual(['PAYLOAD_TOO_LARGE']);
    expect(gateway.logText()).not.toContain('"level":"error"');
  });

  test.each([
    ['a batch', JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }])],
    ['a batch of one', `[${BUYING}]`],
    ['an unknown key', JSON.stringify({ query: '{ __typename }', foo: 1 })],
    ['no JSON', '{'],
    ['no object', 'null'],
    ['variables that are no object', JSON.stringify({ query: '{ __typename }', variables: 'x' })],
  ])('that is %s is refused', async (_what, body) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const received = await post(gateway.origin, body);
    expect(received.status).toBe(400);
    expect(codesOf(received)).toHaveLength(1);
    expect(received.text).not.toContain('"data"');
    expect(upstream.calls).toHaveLength(0);
    expect(gateway.logText()).not.toContain('"level":"error"');
  });

  test('that is multipart is refused', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const form = new FormData();
    form.set('operations', BUYING);
    form.set('map', '{}');
    expect(await fetch(`${gateway.origin}/graphql`, { method: 'POST', body: form })).toMatchObject({ status: 415 });
    expect(upstream.calls).toHaveLength(0);
  });

  test('that comes in small pieces is put together', async () => {
    await using gateway = await startTestGateway();
    const received = await send(gateway.origin, { method: 'POST', headers: JSON_TYPE, body: [...TYPENAME] });
    expect(received).toMatchObject({ status: 200, text: '{"data":{"__typename":"Query"}}' });
  });
});

test('variables in a URL that are no JSON are the mistake of the client', async () => {
  await using gateway = await startTestGateway();
  const received = await send(gateway.origin, { path: '/graphql?query={__typename}&variables=x' });
  expect(received.status).toBe(400);
  expect(gateway.logText()).not.toContain('"level":"error"');
});

test('a client that sends far too much still reads why it was refused', async () => {
  await using gateway = await startTestGateway();
  const body = 'x'.repeat(3_000_000);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${gateway.origin}/graphql`, { method: 'POST', headers, body });
    expect(response.status).toBe(413);
    await response.text();
  }
});

test('INTROSPECTION=false refuses introspection and leaves __typename', async () => {
  await using closed = await startTestGateway({ env: { INTROSPECTION: 'false' } });
  await using open = await startTestGateway();
  for (const query of ['{ __schema { queryType { name } } }', '{ __type(name: "Kol") { name } }']) {
    const refused = await post(closed.origin, JSON.stringify({ query }));
    expect(new Set(codesOf(refused))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
    expect(refused.text).not.toContain('"data"');
    expect(codesOf(await post(open.origin, JSON.stringify({ query })))).toEqual([]);
  }
  expect(await post(closed.origin, TYPENAME)).toMatchObject({ text: '{"data":{"__typename":"Query"}}' });
});

describe("another site's page", () => {
  const crossSite: readonly Sent[] = [
    { method: 'POST', headers: { ...JSON_TYPE, origin: 'https://evil.example' }, body: [BUYING] },
    { method: 'POST', headers: { ...JSON_TYPE, origin: 'null' }, body: [BUYING] },
    { method: 'POST', headers: { 'content-type': 'text/plain', origin: 'https://evil.example' }, body: [BUYING] },
    { method: 'POST', headers: { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }, body: [BUYING] },
    {
      path: `/graphql?query=${encodeURIComponent('{ kol(id: "7") { linkIndex { fetchedAt } } }')}`,
      headers: { accept: 'image/avif,image/webp,*/*', 'sec-fetch-site': 'cross-site' },
    },
  ];

  test('is refused, and nothing is bought', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    for (const each of crossSite) {
      const received = await send(gateway.origin, each);
      expect(received.status).toBe(403);
      expect(codesOf(received)).toEqual(['FORBIDDEN']);
      expect(received.headers).not.toHaveProperty('access-control-allow-origin');
    }
    expect(upstream.calls).toHaveLength(0);

    await post(gateway.origin, BUYING, { origin: gateway.origin, 'sec-fetch-site': 'same-origin' });
    expect(upstream.calls).toHaveLength(1);
  });

  test('whose own name leads to this machine is refused, and nothing is bought', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    for (const host of ['evil.example', 'evil.example:4000', '127.0.0.1.evil.example', '0.0.0.0']) {
      const received = await post(gateway.origin, BUYING, { host, origin: `http://${host}` });
      expect(received.status).toBe(403);
      expect(codesOf(received)).toEqual(['FORBIDDEN']);
      expect(await send(gateway.origin, { path: '/livez', headers: { host } })).toMatchObject({ status: 403 });
      expect(await send(gateway.origin, { headers: { ...PAGE_VISIT, host } })).toMatchObject({ status: 403 });
    }
    expect(upstream.calls).toHaveLength(0);
    expect(await post(gateway.origin, BUYING, { host: 'localhost:4000' })).toMatchObject({ status: 200 });
  });
});

describe('a request target', () => {
  /** Writes a request as it stands; `fetch` and `request` write no such targets and versions. */
  async function write(origin: string, head: string): Promise<string> {
    const { hostname, port } = new URL(origin);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.end(`${head}\r\n\r\n`);
    return text(socket);
  }

  test.each(['/livez', '/readyz', '/graphql?query=%7B__typename%7D', '/metrics'])(
    'over HTTP/1.0 without a Host is answered: %s',
    async (path) => {
      await using gateway = await startTestGateway();
      expect(await write(gateway.origin, `GET ${path} HTTP/1.0`)).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  test('without a Host is a mistake in HTTP/1.1', async () => {
    await using gateway = await startTestGateway();
    expect(await write(gateway.origin, 'GET /livez HTTP/1.1')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('in absolute form is a path', async () => {
    await using gateway = await startTestGateway();
    for (const [target, status] of [
      [`${gateway.origin}/livez`, 200],
      [`HTTP://LOCALHOST/graphql?query=%7B__typename%7D`, 200],
      ['https://localhost/livez', 200],
      ['http://localhost/nowhere', 404],
      ['http://localhost', 404],
      ['http:///livez', 403],
      ['ftp://localhost/livez', 404],
      ['*', 404],
    ] as const) {
      const received = await write(gateway.origin, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close`);
      expect([target, received.slice(9, 12)]).toEqual([target, String(status)]);
    }
  });

  test('in absolute form names the host, in the place of the header', async () => {
    await using gateway = await startTestGateway();
    const get = (target: string, host: string) =>
      write(gateway.origin, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close`);
    expect(await get('http://evil.example/livez', 'localhost')).toMatch(/^HTTP\/1\.1 403 /);
    expect(await get('http://localhost/livez', 'evil.example')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('CORS', () => {
  const APP = 'https://app.example';
  const preflight = (origin: string): Sent => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  });
  const allowanceOf = ({ headers }: Received) => headers['access-control-allow-origin'];

  test('is closed by default', async () => {
    await using gateway = await startTestGateway();
    const refused = await send(gateway.origin, preflight(APP));
    expect(refused.status).toBe(403);
    const own = await post(gateway.origin, TYPENAME, { origin: gateway.origin });
    const plain = await post(gateway.origin, TYPENAME);
    for (const received of [refused, own, plain]) expect(allowanceOf(received)).toBeUndefined();
  });

  test('lets the listed origins in, each by its own name', async () => {
    await using gateway = await startTestGateway({ env: { CORS_ORIGINS: `${APP}, http://localhost:3000` } });
    for (const origin of [APP, 'http://localhost:3000']) {
      const allowed = await send(gateway.origin, preflight(origin));
      expect(allowed).toMatchObject({ status: 204, text: '' });
      expect(allowed.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET,POST',
        'access-control-allow-headers':
          'content-type,authorization,x-api-key,prefer,x-account,x-request-id,traceparent,tracestate',
      });

      const answered = await post(gateway.origin, TYPENAME, { origin, 'sec-fetch-site': 'cross-site' });
      expect(answered).toMatchObject({ status: 200, text: '{"data":{"__typename":"Query"}}' });
      expect(answered.headers['access-control-expose-headers']?.split(/, ?/)).toEqual(
        expect.arrayContaining([
          ...['x-billed-calls', 'x-led-calls', 'x-would-buy', 'retry-after', 'x-request-id'],
          ...['preference-applied', 'x-kol-gateway-mode'],
        ]),
      );

      const headers = { ...JSON_TYPE, origin, 'content-length': '100001' };
      const tooLarge = await send(gateway.origin, { method: 'POST', headers, isUnfinished: true });
      expect(tooLarge.status).toBe(413);
      for (const received of [allowed, answered, tooLarge]) {
        expect(allowanceOf(received)).toBe(origin);
        expect(received.headers.vary).toMatch(/\bOrigin\b/);
        expect(received.headers).not.toHaveProperty('access-control-allow-credentials');
      }
    }
  });

  test.each([
    'https://evil.example',
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'null',
  ])('refuses %s, which is not listed', async (origin) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { CORS_ORIGINS: APP } });
    for (const each of [preflight(origin), { method: 'POST', headers: { ...JSON_TYPE, origin }, body: [BUYING] }]) {
      const received = await send(gateway.origin, each);
      expect(received.status).toBe(403);
      expect(allowanceOf(received)).toBeUndefined();
    }
    expect(upstream.calls).toHaveLength(0);
  });
});

describe('a client that goes away', () => {
  test.each(['content-length: 200', 'transfer-encoding: chunked'])(
    'in the middle of its body (%s) leaves no error behind',
    async (framing) => {
      await using gateway = await startTestGateway();
      const { hostname, port } = new URL(gateway.origin);
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${framing}\r\nexpect: 100-continue\r\n\r\n`,
      );
      await once(socket, 'data'); // "100 Continue": the body is being waited for
      socket.write('9\r\n{"query":');
      socket.destroy();
      await once(socket, 'close');

      expect(await post(gateway.origin, TYPENAME)).toMatchObject({ status: 200 });
      expect(gateway.logText()).not.toContain('"level":"error"');
    },
  );

  /** @returns the log of a gateway whose client has left before its answer was there */
  async function logAfterLeaving(accept: string): Promise<string> {
    await using upstream = await startScriptedUpstream(held(answers));
    await using gateway = await startTestGateway({ upstream });
    const leaving = new AbortController();
    const left = gateway.query(STAR_OF, { id: '7' }, { signal: leaving.signal, headers: { accept } });
    await upstream.received(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await post(gateway.origin, TYPENAME); // by now the gateway has seen the connection close
    upstream.release();

    const result = await gateway.query(STAR_OF, { id: '7' });
    expect(result.data?.kol?.linkIndex?.star?.value).toBe(starOf('7'));
    expect(upstream.calls).toHaveLength(1);
    return gateway.logText();
  }

  test('before its answer is there leaves no error behind, and what it started is kept', async () => {
    expect(await logAfterLeaving('application/json')).not.toContain('"level":"error"');
  });

  test.each(['text/event-stream', 'multipart/mixed'])('leaves no error behind with %s either', async (accept) => {
    expect(await logAfterLeaving(accept)).not.toContain('"level":"error"');
  });
});

test.each([
  'NONSENSE\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET /livez HTTP/1.1\r\nhost: evil.example\r\nhost: localhost\r\nconnection: close\r\n\r\n',
])('what is no proper HTTP/1.1 (%j) is refused and harms nobody', async (bytes) => {
  await using gateway = await startTestGateway();
  const { hostname, port } = new URL(gateway.origin);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[03] /);
  expect(await post(gateway.origin, TYPENAME)).toMatchObject({ status: 200 });
  expect(gateway.logText()).not.toContain('"level":"error"');
});
