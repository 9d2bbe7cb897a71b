import { afterEach, describe, expect, test, vi } from 'vitest';
import { STAR_OF } from '../operations.ts';
import { temporaryStorePath } from '../support/answer-store-contract.ts';
import { exportTo, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { answers, failsWith, held, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const HOUR_MS = 3_600_000;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const sampled = { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'vendor=opaque' } };
const notSampled = { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` } };

afterEach(() => void vi.unstubAllEnvs());

/** A busy machine takes longer than a second. */
const PATIENCE = { timeout: 60_000 };

const BOUGHT = `
POST /graphql
  query
    cache read
      purchase`.trim();

const SERVED = `
POST /graphql
  query
    cache read`.trim();

describe('the trace of a request', () => {
  test('a miss ends in a purchase that tells each attempt', async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(failsWith(301), failsWith(301), answers);
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    await gateway.query(STAR_OF, { id: '7' }, { headers: { 'x-request-id': 'request-1' } });
    await gateway.stop();

    expect(receiver.outline()).toBe(BOUGHT);
    expect(receiver.span('POST /graphql')).toMatchObject({
      kind: 'server',
      hasFailed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/graphql',
        'http.response.status_code': 200,
        'kol_gateway.client': 'local',
        'kol_gateway.request_id': 'request-1',
        'kol_gateway.outcome': 'ok',
        'kol_gateway.billed_calls': 1,
      },
      resource: { 'service.name': 'kol-gateway', 'service.version': expect.stringMatching(/^\d/) },
    });
    expect(receiver.span('query').attributes).toEqual({
      'graphql.operation.type': 'query',
      'graphql.operation.name': 'StarOf',
    });
    expect(receiver.span('cache read').attributes).toEqual({
      'kol_gateway.source': 'bought',
      'kol_gateway.attempts': 3,
    });
    const { attributes, events, hasFailed } = receiver.span('purchase');
    expect({ attributes, hasFailed }).toEqual({
      attributes: {
        'kol_gateway.reason': 'miss',
        'kol_gateway.outcome': 'ok',
        'kol_gateway.billed': 'yes',
        'kol_gateway.attempts': 3,
        'kol_gateway.endpoint': 'kol-link-info',
      },
      hasFailed: false,
    });
    const attempt = (number: number, outcome: string, billed: string) => ({
      name: 'attempt',
      attributes: {
        'kol_gateway.attempt': number,
        'kol_gateway.endpoint': 'kol-link-info',
        'kol_gateway.outcome': outcome,
        'kol_gateway.billed': billed,
        'kol_gateway.duration_ms': 0,
      },
    });
    expect(events).toEqual([
      attempt(1, 'UPSTREAM_COLLECTION_FAILED', 'no'),
      attempt(2, 'UPSTREAM_COLLECTION_FAILED', 'no'),
      attempt(3, 'ok', 'yes'),
    ]);
    expect(upstream.calls.map(({ head }) => head).join()).not.toMatch(/traceparent|tracestate/i);
  });

  test('what failed for good says so at each step, in a closed set of words', async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(failsWith(600));
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    await gateway.query(STAR_OF, { id: '7' });
    await gateway.stop();
    for (const name of ['cache read', 'purchase']) {
      const { hasFailed, attributes } = receiver.span(name);
      expect([hasFailed, attributes['error.type']]).toEqual([true, 'UPSTREAM_PERMISSION_DENIED']);
    }
    expect(receiver.span('POST /graphql').attributes['kol_gateway.outcome']).toBe('errors');
  });

  test('a hit has no purchase, and neither has what the store knew', async () => {
    const env = { CACHE_STORE: `sqlite:${temporaryStorePath()}` };
    await using upstream = await startScriptedUpstream(answers);
    await using before = await startTestGateway({ upstream, env });
    await before.query(STAR_OF, { id: '7' });
    await before.stop();

    await using receiver = await startOtlpReceiver();
    await using gateway = await startTestGateway({ upstream, env: { ...env, ...exportTo(receiver) } });
    for (const _ of ['the store', 'the memory']) await gateway.query(STAR_OF, { id: '7' });
    await gateway.stop();
    expect(receiver.outline()).toBe(`${SERVED}\n${SERVED}`);
    const reads = receiver.spans().filter(({ name }) => name === 'cache read');
    expect(reads.map(({ attributes }) => attributes['kol_gateway.source'])).toEqual(['store', 'memory']);
  });

  test('every KOL is a step of its own, also of an answer in parts', async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    const query = '{ kols(ids: ["1", "2", "1"]) { id ... @defer { linkIndex { star { value } } } } }';
    const response = await gateway.post({ query }, { headers: { accept: 'multipart/mixed' } });
    await response.text();
    await gateway.stop();
    expect(receiver.outline()).toBe(`${BOUGHT}\n    cache read\n      purchase`);
  });

  test('two requests that share a purchase have one, and the other points at it', async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(held());
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    const leader = gateway.query(STAR_OF, { id: '7' });
    await upstream.received(1);
    const timersOfLeader = gateway.clock.pending;
    const follower = gateway.query(STAR_OF, { id: '7' });
    await expect.poll(() => gateway.clock.pending, PATIENCE).toBe(timersOfLeader + 1); // the end of its patience
    upstream.release();
    await Promise.all([leader, follower]);
    await gateway.stop();

    expect(receiver.outline()).toBe(`${SERVED}\n${BOUGHT}`);
    const { spanId, parentSpanId, traceId } = receiver.span('purchase');
    const led = receiver.span('cache read', ['kol_gateway.source', 'bought']);
    const joined = receiver.span('cache read', ['kol_gateway.source', 'coalesced']);
    expect(led).toMatchObject({ spanId: parentSpanId, traceId, links: [] });
    expect(joined).toMatchObject({ links: [spanId] });
    expect(joined.traceId).not.toBe(traceId);
  });

  test.each([
    ['waits no longer', { headers: { prefer: 'wait=1' } }],
    ['leaves', {}],
  ])('a purchase outlives the request that %s, and stays in its trace', async (what, init) => {
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '1');
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(held());
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    const leaving = new AbortController();
    const left = gateway.query(STAR_OF, { id: '7' }, { ...init, signal: leaving.signal }).catch(() => 'left');
    await upstream.received(1);
    if (what === 'leaves') leaving.abort();
    else gateway.clock.advanceMs(1000);
    await left;
    await expect.poll(() => receiver.outline(), PATIENCE).toContain('POST /graphql');
    expect(receiver.outline()).not.toContain('purchase');
    upstream.release();
    await gateway.stop();

    expect(receiver.outline()).toBe(BOUGHT);
    const { attributes } = receiver.span('POST /graphql');
    expect([attributes['kol_gateway.client_left'], attributes['http.response.status_code']]).toEqual(
      what === 'leaves' ? [true, undefined] : [undefined, 200],
    );
    expect(receiver.span('purchase').attributes['kol_gateway.outcome']).toBe('ok');
  });

  test('a refresh has a trace of its own, which points at the read that began it', async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    await gateway.query(STAR_OF, { id: '7' }, notSampled);
    gateway.clock.advanceMs(HOUR_MS + 1);
    await gateway.query(STAR_OF, { id: '7' });
    await upstream.received(2);
    await gateway.stop();

    expect(receiver.outline()).toBe(`${SERVED}\npurchase`);
    const { spanId, traceId } = receiver.span('cache read', ['kol_gateway.source', 'stale']);
    const refresh = receiver.span('purchase', ['kol_gateway.reason', 'refresh']);
    expect(refresh).toMatchObject({ links: [spanId], events: [{ name: 'attempt' }] });
    expect(refresh.traceId).not.toBe(traceId);
  });

  test("a caller's trace goes on here, and no further", async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    await gateway.query(STAR_OF, { id: '7' }, sampled);
    await gateway.stop();
    expect(receiver.span('POST /graphql')).toMatchObject({ parentSpanId: PARENT_ID, traceState: 'vendor=opaque' });
    expect(receiver.spans().map(({ traceId }) => traceId)).toEqual(Array(4).fill(TRACE_ID));
    expect(upstream.calls[0]?.head).not.toMatch(/traceparent|tracestate/i);
  });

  test('what a caller does not record is not recorded here', async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: exportTo(receiver) });
    const { data } = await gateway.query(STAR_OF, { id: '7' }, notSampled);
    expect(data?.kol?.linkIndex?.star?.value).toBe(starOf('7'));
    await gateway.stop();
    expect(receiver.exports).toEqual([]);
  });

  test.each(['', 'x', `ff-${TRACE_ID}-${PARENT_ID}-01`, `00-${'0'.repeat(32)}-${PARENT_ID}-01`])(
    'a traceparent %j begins a new trace',
    async (traceparent) => {
      await using receiver = await startOtlpReceiver();
      await using gateway = await startTestGateway({ env: exportTo(receiver) });
      await gateway.query(STAR_OF, { id: '7' }, { headers: { traceparent } });
      await gateway.stop();
      expect(receiver.span('POST /graphql').parentSpanId).toBeUndefined();
    },
  );
});
