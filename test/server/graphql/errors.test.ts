import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { LinkIndexCache } from '../../../src/cache/cache.ts';
import type { LinkIndexAnswer } from '../../../src/domain/link-index.ts';
import { systemTimers } from '../../../src/domain/time.ts';
import {
  createGraphqlHandler,
  type GraphqlHandler,
  type GraphqlHandlerOptions,
} from '../../../src/server/graphql/handler.ts';
import { startHttpServer } from '../../../src/server/http/http-server.ts';
import { createRequestListener } from '../../../src/server/http/request-listener.ts';
import { createLogFault, type LogFault } from '../../../src/telemetry/log-events.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { OPEN_EDGE } from '../../support/open-edge.ts';
import { type GraphResult, startTestGateway } from '../../support/test-gateway.ts';

/** Stands for what only the log may say. */
const CANARY = 'canary-of-a-fault-5e1d';
const score = { value: 50, avgValue: 40, linkRelativeRatio: 0, rank: 1, rankPercent: 0.1 };
const answer: LinkIndexAnswer = {
  kind: 'answer',
  freshness: 'FRESH',
  scores: { cooperate: score, cp: score, convert: score, shopping: score, spread: score, star: score },
  fetchedAtMs: 0,
};

interface FaultyServer extends AsyncDisposable {
  readonly logLines: () => { level: string; msg: string; requestId?: string; err?: { message?: string } }[];
  query(
    query: string,
    accept?: string,
  ): Promise<{ status: number; requestId: string | null; text: string; result: GraphResult<unknown> }>;
}

/** The HTTP edge over a handler that may fail in ways that no upstream can make it. */
async function startEdge(createHandler: (logFault: LogFault) => GraphqlHandler['handle']): Promise<FaultyServer> {
  const lines: string[] = [];
  const log = createLogger(
    'trace',
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    }),
  );
  const logFault = createLogFault(log, Date.now);
  const edge = { ...OPEN_EDGE, host: '127.0.0.1', corsOrigins: [], readiness: () => 'ready' as const };
  const listener = createRequestListener({ ...edge, graphql: createHandler(logFault), isSandbox: false, logFault });
  const server = await startHttpServer({ host: '127.0.0.1', port: 0, listener });
  return {
    logLines: () => lines.map((line) => JSON.parse(line)),
    async query(query, accept = 'application/json') {
      const headers = { 'content-type': 'application/json', accept };
      const response = await fetch(`${server.origin}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query }),
      });
      const text = await response.text();
      return {
        status: response.status,
        requestId: response.headers.get('x-request-id'),
        text,
        result: accept === 'application/json' ? JSON.parse(text) : {},
      };
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** A cache that knows every KOL, except where the case says otherwise. */
function startWithCache(faults: Partial<GraphqlHandlerOptions['cache']>): Promise<FaultyServer> {
  const cache: GraphqlHandlerOptions['cache'] = { peek: () => answer, read: async () => answer, ...faults };
  return startEdge((logFault) => {
    const limits = {
      maxKolsPerRequest: 50,
      requestWaitMs: 1000,
      introspection: true,
      subgraphSecret: undefined,
      trustedDocuments: undefined,
    };
    return createGraphqlHandler({
      cache,
      ...limits,
      freshForMs: () => 0,
      clock: Date.now,
      steadyMs: performance.now.bind(performance),
      timers: systemTimers,
      logFault,
    }).handle;
  });
}

const QUERY = '{ kols(ids: ["good", "bad", "fine"]) { id linkIndex { star { value } fetchedAt } } }';
const linkIndex = { star: { value: 50 } };

describe('an unexpected fault', () => {
  const throwing = (fault: unknown): Partial<LinkIndexCache> => ({
    peek({ kolId }) {
      if (kolId === 'bad') throw fault;
      return answer;
    },
  });
  const rejecting: Partial<LinkIndexCache> = {
    peek: () => undefined,
    read: async ({ kolId }) => (kolId === 'bad' ? Promise.reject(new Error(CANARY)) : answer),
  };
  const timeless: Partial<LinkIndexCache> = {
    peek: ({ kolId }) => (kolId === 'bad' ? { ...answer, fetchedAtMs: Number.NaN } : answer),
  };

  test.each([
    ['thrown by the cache', throwing(new Error(CANARY)), ['linkIndex'], CANARY],
    ['that is no Error', throwing({ toString: () => CANARY }), ['linkIndex'], CANARY],
    ['rejected by a read', rejecting, ['linkIndex'], CANARY],
    ['in what was remembered', timeless, ['linkIndex', 'fetchedAt'], 'Invalid time value'],
  ])('%s is masked, logged under its request, and harms no other field', async (_what, fault, path, message) => {
    await using server = await startWithCache(fault);

    const { status, requestId, text, result } = await server.query(QUERY);

    expect(status).toBe(200);
    expect(result.errors).toMatchObject([
      {
        message: 'Unexpected error.',
        path: ['kols', 1, ...path],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
      },
    ]);
    expect(result.data).toMatchObject({
      kols: [
        { id: 'good', linkIndex },
        { id: 'bad', linkIndex: null },
        { id: 'fine', linkIndex },
      ],
    });
    expect(text).not.toContain(message);
    expect(text).not.toMatch(/stack|node_modules|\.ts:/);

    expect(server.logLines()).toMatchObject([{ level: 'error', msg: 'unexpected fault', requestId }]);
    expect(server.logLines()[0]?.err?.message).toContain(message);

    const next = await server.query('{ kol(id: "good") { linkIndex { star { value } } } }');
    expect(next.result).toEqual({ data: { kol: { linkIndex } } });
    expect(server.logLines()).toHaveLength(1);
  });

  test('in a part that comes later is masked too', async () => {
    await using server = await startWithCache(throwing(new Error(CANARY)));
    const deferred = '{ kol(id: "bad") { id ... @defer { linkIndex { fetchedAt } } } }';
    const { text, requestId } = await server.query(deferred, 'multipart/mixed');
    expect(text).toContain('"message":"Unexpected error."');
    expect(text).toContain(`"code":"INTERNAL_SERVER_ERROR","unexpected":true,"requestId":"${requestId}"`);
    expect(text).not.toContain(CANARY);
    expect(server.logLines()).toMatchObject([{ level: 'error', requestId, err: { message: CANARY } }]);
  });

  test('outside of GraphQL is a 500 that says as little, and the next request is answered', async () => {
    let isBroken = true;
    await using server = await startEdge(() => async ({ response }) => {
      if (isBroken) throw new Error(CANARY);
      response.end('{"data":{}}');
    });

    const { status, requestId, text, result } = await server.query('{ __typename }');

    expect(status).toBe(500);
    expect(result).toEqual({
      errors: [
        { message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId } },
      ],
    });
    expect(text).not.toContain(CANARY);
    expect(server.logLines()).toMatchObject([{ level: 'error', requestId, err: { message: CANARY } }]);
    isBroken = false;
    expect(await server.query('{ __typename }')).toMatchObject({ status: 200, text: '{"data":{}}' });
  });

  test('after the headers have left cuts the answer off, and the next request is answered', async () => {
    let isBroken = true;
    await using server = await startEdge(() => async ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data"');
      if (isBroken) throw new Error(CANARY);
      response.end(':{}}');
    });

    await expect(server.query('{ __typename }')).rejects.toThrow(TypeError);

    expect(server.logLines()).toMatchObject([{ level: 'error', err: { message: CANARY } }]);
    isBroken = false;
    expect(await server.query('{ __typename }')).toMatchObject({ status: 200, text: '{"data":{}}' });
  });
});

describe('every error has a code and the id of its request', () => {
  const cases: readonly [string, unknown, string, number][] = [
    ['a document that does not parse', { query: '{' }, 'GRAPHQL_PARSE_FAILED', 400],
    ['a document that is not valid', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED', 400],
    [
      'bad variables',
      { query: 'query($id: ID!) { kol(id: $id) { id } }', variables: { id: {} } },
      'BAD_USER_INPUT',
      400,
    ],
    ['a missing variable', { query: 'query($id: ID!) { kol(id: $id) { id } }' }, 'BAD_USER_INPUT', 400],
    [
      'an operation that is not there',
      { query: 'query A { __typename }', operationName: 'B' },
      'OPERATION_RESOLUTION_FAILURE',
      400,
    ],
    ['a bad id', { query: '{ kol(id: "a b") { id } }' }, 'BAD_USER_INPUT', 200],
    ['a bad tag', { query: '{ kol(id: "1") { linkIndex(industryTag: "a b") { fetchedAt } } }' }, 'BAD_USER_INPUT', 200],
    [
      'a failing upstream',
      { query: '{ kol(id: "sandbox-301") { linkIndex { fetchedAt } } }' },
      'UPSTREAM_COLLECTION_FAILED',
      200,
    ],
  ];

  test.each(cases)('%s', async (_what, body, code, status) => {
    await using gateway = await startTestGateway();
    const ids = new Set<unknown>();
    // Yoga remembers what it found in a document: the second must not get the first one's id.
    for (const _turn of [1, 2]) {
      const response = await gateway.post(body, { headers: { accept: 'application/graphql-response+json' } });
      const { errors } = (await response.json()) as GraphResult<unknown>;
      const requestId = response.headers.get('x-request-id');
      expect(response.status).toBe(status);
      expect(errors).toMatchObject([{ extensions: { code, requestId } }]);
      ids.add(requestId);
    }
    expect(ids.size).toBe(2);
    expect(gateway.logText()).not.toContain('"level":"error"');
  });

  test('also where a document has several', async () => {
    await using gateway = await startTestGateway();
    const response = await gateway.post({ query: '{ a b c kol { d } }' });
    const { errors = [] } = (await response.json()) as GraphResult<unknown>;
    expect(errors.length).toBeGreaterThan(3);
    const requestId = response.headers.get('x-request-id');
    for (const { extensions } of errors)
      expect(extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED', requestId });
  });

  test.each([
    ['query($ids: [ID!] = ["1"]) { kols(ids: $ids) { id } }', { ids: null }],
    ['query($cached: Boolean) { kol(id: "1") { linkIndex(acceptCache: $cached) { fetchedAt } } }', { cached: null }],
  ])('a null for an argument that takes none is the mistake of the client: %s', async (query, variables) => {
    await using gateway = await startTestGateway();
    const result = await (await gateway.post({ query, variables })).json();
    expect(result).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(gateway.logText()).not.toContain('"level":"error"');
  });
});
