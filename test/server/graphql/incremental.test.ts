import { describe, expect, test } from 'vitest';
import { STAR_OF } from '../../operations.ts';
import { type Payload, payloadsOf } from '../../support/payloads.ts';
import {
  answers,
  type Behaviour,
  failsWith,
  held,
  type ScriptedUpstream,
  starOf,
  startScriptedUpstream,
} from '../../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

const DEFERRED = 'query($ids: [ID!]!) { kols(ids: $ids) { id ... @defer { linkIndex { star { value } } } } }';
const STREAMED = 'query($ids: [ID!]!) { kols(ids: $ids) @stream(initialCount: 0) { id linkIndex { star { value } } } }';
const MULTIPART = 'multipart/mixed';
const SSE = 'text/event-stream';

const linkIndexOf = (id: string) => ({ linkIndex: { star: { value: starOf(id) } } });

/** Holds the answer for the KOL `slow`, and does `others` with every other. */
function holdingSlow(others: Behaviour = answers): Behaviour {
  const hold = held();
  const behaviour: Behaviour = (socket, call) =>
    (call.parameters.get('kolId') === 'slow' ? hold : others)(socket, call);
  return Object.assign(behaviour, { release: (hold as unknown as { release(): void }).release });
}

function ask(gateway: TestGateway, query: string, ids: string[], accept: string, init: RequestInit = {}) {
  const headers = { accept, ...(init.headers as Record<string, string>) };
  return gateway.post({ query, variables: { ids } }, { ...init, headers });
}

async function take(payloads: AsyncGenerator<Payload>): Promise<Payload> {
  const { value, done } = await payloads.next();
  if (done) throw new Error('expected another payload');
  return value;
}

/** What is left to come, with the slow KOL's answer let go. */
async function rest(payloads: AsyncGenerator<Payload>, upstream: ScriptedUpstream): Promise<Payload[]> {
  upstream.release();
  return Array.fromAsync(payloads);
}

describe.each([MULTIPART, SSE])('over %s', (accept) => {
  test('a slow KOL holds up no other whose linkIndex is deferred', async () => {
    await using upstream = await startScriptedUpstream(holdingSlow());
    await using gateway = await startTestGateway({ upstream });
    const response = await ask(gateway, DEFERRED, ['slow', '7'], accept);
    expect(response.headers.get('content-type')).toContain(accept);
    const payloads = payloadsOf(response);

    expect(await take(payloads)).toEqual({ data: { kols: [{ id: 'slow' }, { id: '7' }] }, hasNext: true });
    expect(await take(payloads)).toEqual({
      incremental: [{ data: linkIndexOf('7'), path: ['kols', 1] }],
      hasNext: true,
    });
    expect(await rest(payloads, upstream)).toEqual([
      {
        incremental: [{ data: linkIndexOf('slow'), path: ['kols', 0] }],
        hasNext: false,
        extensions: { billedCalls: 2 },
      },
    ]);
    expect(upstream.calls).toHaveLength(2);
  });

  test('streamed rows come in the order of the list', async () => {
    await using upstream = await startScriptedUpstream(holdingSlow());
    await using gateway = await startTestGateway({ upstream });
    const payloads = payloadsOf(await ask(gateway, STREAMED, ['7', 'slow', '9'], accept));

    expect(await take(payloads)).toEqual({ data: { kols: [] }, hasNext: true });
    expect(await take(payloads)).toMatchObject({
      incremental: [{ items: [{ id: '7', ...linkIndexOf('7') }], path: ['kols', 0] }],
    });
    const later = await rest(payloads, upstream);
    const rows = later.flatMap(({ incremental = [] }) => incremental);
    expect(rows).toMatchObject([
      { items: [{ id: 'slow', ...linkIndexOf('slow') }], path: ['kols', 1] },
      { items: [{ id: '9', ...linkIndexOf('9') }], path: ['kols', 2] },
    ]);
    expect(later.at(-1)).toMatchObject({ hasNext: false, extensions: { billedCalls: 3 } });
  });

  test('what is in no last payload yet is in no header: nothing is kept, and no price is told', async () => {
    await using gateway = await startTestGateway();
    const { status, headers, body } = await ask(gateway, DEFERRED, ['7'], accept);
    await body?.cancel();
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.has('x-billed-calls')).toBe(false);
    expect(headers.get('vary')).toContain('Accept');
  });

  test('a proxy is told to pass each part on at once, and no content coding is named', async () => {
    await using gateway = await startTestGateway();
    const { headers, body } = await ask(gateway, DEFERRED, ['7'], accept);
    await body?.cancel();
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.has('content-encoding')).toBe(false);
  });

  test('the headers say what is done as the request prefers', async () => {
    await using gateway = await startTestGateway();
    const dry = await ask(gateway, DEFERRED, ['7'], accept, { headers: { prefer: 'wait=5, dry-run=""' } });
    expect(dry.headers.get('preference-applied')).toBe('wait=5, dry-run');
    expect(await dry.text()).toContain('"code":"WOULD_BUY"');
  });
});

test('the failure of one KOL comes with its part, its code and the id of the request', async () => {
  await using upstream = await startScriptedUpstream((socket, call) =>
    (call.parameters.get('kolId') === 'bad' ? failsWith(600) : answers)(socket, call),
  );
  await using gateway = await startTestGateway({ upstream });
  const payloads = await Array.fromAsync(payloadsOf(await ask(gateway, DEFERRED, ['bad', '7', 'b d'], MULTIPART)));
  const parts = payloads.flatMap(({ incremental = [] }) => incremental);

  expect(payloads[0]).toMatchObject({
    data: { kols: [{ id: 'bad' }, { id: '7' }, null] },
    errors: [{ path: ['kols', 2], extensions: { code: 'BAD_USER_INPUT', requestId: expect.any(String) } }],
  });
  expect(parts).toHaveLength(2);
  expect(parts.find(({ path }) => path[1] === 1)?.data).toEqual(linkIndexOf('7'));
  expect(parts.find(({ path }) => path[1] === 0)).toMatchObject({
    data: { linkIndex: null },
    errors: [
      {
        path: ['kols', 0, 'linkIndex'],
        extensions: { code: 'UPSTREAM_PERMISSION_DENIED', retryable: false, requestId: expect.any(String) },
      },
    ],
  });
});

test('an answer whose first part has left is finished at a stop', async () => {
  await using upstream = await startScriptedUpstream(holdingSlow());
  const gateway = await startTestGateway({ upstream });
  const payloads = payloadsOf(await ask(gateway, DEFERRED, ['slow'], MULTIPART));
  await take(payloads);
  await upstream.received(1);
  const stopped = gateway.stop();
  expect(JSON.stringify(await rest(payloads, upstream))).toContain(String(starOf('slow')));
  expect(await stopped).toEqual([]);
});

test('a wait that is over leaves the deferred part pending, and the purchase goes on', async () => {
  await using upstream = await startScriptedUpstream(held());
  await using gateway = await startTestGateway({ upstream });
  const payloads = payloadsOf(await ask(gateway, DEFERRED, ['slow'], SSE, { headers: { prefer: 'wait=2' } }));
  await take(payloads);
  await upstream.received(1);
  gateway.clock.advanceMs(2000);

  expect(await take(payloads)).toMatchObject({
    incremental: [{ data: { linkIndex: null }, errors: [{ extensions: { code: 'UPSTREAM_PENDING' } }] }],
    hasNext: false,
    extensions: { billedCalls: 0 },
  });
  upstream.release();
  expect(await gateway.query(STAR_OF, { id: 'slow' })).toMatchObject({
    data: { kol: { linkIndex: { star: { value: starOf('slow') } } } },
  });
  expect(upstream.calls).toHaveLength(1);
});

test('a client that leaves in the middle ends its own answer, and no purchase', async () => {
  await using upstream = await startScriptedUpstream(holdingSlow());
  await using gateway = await startTestGateway({ upstream });
  const leaving = new AbortController();
  const payloads = payloadsOf(await ask(gateway, DEFERRED, ['slow', '7'], MULTIPART, { signal: leaving.signal }));
  await take(payloads);
  await upstream.received(2);
  leaving.abort();
  await expect(Array.fromAsync(payloads)).rejects.toThrow();
  upstream.release();

  expect(await gateway.query(STAR_OF, { id: 'slow' })).toMatchObject({
    data: { kol: { linkIndex: { star: { value: starOf('slow') } } } },
  });
  expect(upstream.calls).toHaveLength(2);
  expect(gateway.logText()).not.toMatch(/"level":"error"|unhandled/);
});

describe('without a part that comes later', () => {
  test('a plain query is one answer, whatever else the client would take', async () => {
    await using gateway = await startTestGateway();
    const accept = `application/graphql-response+json, ${SSE}, ${MULTIPART}`;
    const response = await ask(gateway, 'query($ids: [ID!]!) { kols(ids: $ids) { id } }', ['7'], accept);
    expect(response.headers.get('content-type')).toContain('application/graphql-response+json');
    expect(response.headers.get('x-billed-calls')).toBe('0');
    expect(await response.json()).toEqual({ data: { kols: [{ id: '7' }] } });
  });

  test('a client that takes no parts is told so, and nothing is bought', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const response = await ask(gateway, DEFERRED, ['7'], 'application/json');
    expect(response.status).toBe(406);
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('multipart/mixed') }] });
    expect(upstream.calls).toHaveLength(0);
  });

  test.each([
    ['@stream', `query Other($ids: [ID!]!) { kols(ids: $ids) @stream { id } }`],
    ['@defer in a fragment', 'query Other { kol(id: "7") { ...Late } } fragment Late on Kol { ... @defer { id } }'],
  ])('%s of another operation in its document is no matter', async (_, other) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const query = `query Own { kol(id: "7") { id linkIndex { star { value } } } } ${other}`;
    const own = await gateway.post({ query, operationName: 'Own' }, { headers: { accept: 'application/json' } });
    expect(own.status).toBe(200);
    expect(await own.json()).toEqual({ data: { kol: { id: '7', ...linkIndexOf('7') } } });
    const body = { query, operationName: 'Other', variables: { ids: ['7'] } };
    expect(await gateway.post(body, { headers: { accept: 'application/json' } })).toMatchObject({ status: 406 });
  });

  test('which of the two ways is the client’s choice, by its weights', async () => {
    await using gateway = await startTestGateway();
    for (const [accept, chosen] of [
      [`${SSE}, ${MULTIPART};q=0.5`, SSE],
      [`${MULTIPART}, ${SSE}`, MULTIPART],
      [`${MULTIPART};q=0, */*`, SSE],
    ] as const) {
      const { headers, body } = await ask(gateway, DEFERRED, ['7'], accept);
      await body?.cancel();
      expect(headers.get('content-type')).toContain(chosen);
    }
    expect(await ask(gateway, DEFERRED, ['7'], `${MULTIPART};q=0, application/json`)).toMatchObject({ status: 406 });
  });

  test.each([
    ['query($ids: [ID!]!) { kols(ids: $ids) { id ... @defer(if: false) { linkIndex { star { value } } } } }'],
    [
      'query($ids: [ID!]!, $no: Boolean! = false) { kols(ids: $ids) @stream(if: $no) { id linkIndex { star { value } } } }',
    ],
  ])('%s is one answer', async (query) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const response = await ask(gateway, query, ['7'], 'application/json');
    expect(await response.json()).toEqual({ data: { kols: [{ id: '7', ...linkIndexOf('7') }] } });
  });

  test('a request that names too many KOLs is refused as a whole', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { MAX_KOLS_PER_REQUEST: '2' } });
    const response = await ask(gateway, DEFERRED, ['1', '2', '3'], SSE);
    expect(await Array.fromAsync(payloadsOf(response))).toMatchObject([
      { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
    ]);
    expect(upstream.calls).toHaveLength(0);
  });
});

describe('an argument that means nothing', () => {
  const stream = (argument: string, variables = '') =>
    `query($ids: [ID!]!${variables}) { kols(ids: $ids) @stream(${argument}) { id linkIndex { star { value } } } }`;

  test.each([
    ['a negative initialCount', stream('initialCount: -1'), {}],
    ['no initialCount', stream('initialCount: null'), {}],
    ['a negative initialCount in a variable', stream('initialCount: $n', ', $n: Int'), { n: -1 }],
    ['no initialCount in a variable', stream('initialCount: $n', ', $n: Int'), { n: null }],
    ['no initialCount by default', stream('initialCount: $n', ', $n: Int = null'), {}],
    ['neither true nor false', stream('if: $b', ', $b: Boolean = true'), { b: null }],
    [
      'neither true nor false in @defer',
      'query($ids: [ID!]!, $b: Boolean = true) { kols(ids: $ids) { id ... @defer(if: $b) { linkIndex { star { value } } } } }',
      { b: null },
    ],
    [
      'neither true nor false in @skip',
      'query($ids: [ID!]!, $b: Boolean = true) { kols(ids: $ids) { id linkIndex @skip(if: $b) { star { value } } } }',
      { b: null },
    ],
    [
      'neither true nor false in @include around the whole',
      'query($ids: [ID!]!, $b: Boolean = true) { kols(ids: $ids) @include(if: $b) { id linkIndex { star { value } } } }',
      { b: null },
    ],
  ])('%s is the client’s mistake: nothing is bought, and the log has no fault', async (_, query, variables) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    for (const accept of [MULTIPART, SSE, 'application/json']) {
      const response = await gateway.post({ query, variables: { ids: ['7'], ...variables } }, { headers: { accept } });
      const text = await response.text();
      expect(text).toContain('"code":"BAD_USER_INPUT"');
      expect(text).not.toContain('INTERNAL_SERVER_ERROR');
    }
    expect(upstream.calls).toHaveLength(0);
    expect(gateway.logText()).not.toContain('"level":"error"');
  });

  test('initialCount beyond the list gives all of it at once', async () => {
    await using gateway = await startTestGateway();
    const payloads = payloadsOf(await ask(gateway, stream('initialCount: 5'), ['7', '8'], MULTIPART));
    expect((await take(payloads)).data).toMatchObject({ kols: [{ id: '7' }, { id: '8' }] });
  });
});
