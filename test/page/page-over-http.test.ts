import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { createStartPage } from '../../src/server/pages/start-page.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { requireBuiltPage } from './start-page.ts';

/** Bytes on their way: below it a phone on 3G has the page within a second. */
const MAX_PACKED_BYTES = 150_000;

beforeAll(requireBuiltPage);

function visit(origin: string, path = '/', headers: Record<string, string> = {}): Promise<Response> {
  const asBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'sec-fetch-site': 'none' };
  return fetch(`${origin}${path}`, { headers: { ...asBrowser, ...headers }, redirect: 'manual' });
}

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The policy's directives by name. */
function directivesOf({ headers }: Response): Record<string, string | undefined> {
  const policy = headers.get('content-security-policy') ?? '';
  return Object.fromEntries(policy.split('; ').map((directive) => directive.split(/ (.*)/, 2)));
}

describe('the start page over HTTP', () => {
  test('is one small document, compressed for whoever takes that', async () => {
    await using gateway = await startTestGateway();
    const packed = await visit(gateway.origin, '/', { 'accept-encoding': 'gzip, deflate, br' });
    const plain = await visit(gateway.origin, '/', { 'accept-encoding': 'identity' });

    for (const { status, headers } of [packed, plain]) {
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('vary')).toBe('Accept, Accept-Encoding');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(Number(packed.headers.get('content-length'))).toBeLessThan(MAX_PACKED_BYTES);
    expect(plain.headers.get('content-encoding')).toBeNull();
    const html = await plain.text();
    expect(Buffer.byteLength(html)).toBe(Number(plain.headers.get('content-length')));
    expect((await packed.text()) === html).toBe(true);
    expect(html).toMatch(/^<!doctype html>/i);
  });

  test('is not sent again to a browser that has it', async () => {
    await using gateway = await startTestGateway();
    const first = await visit(gateway.origin);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{20,}"$/);
    expect(first.headers.get('cache-control')).toBe('no-cache');

    const again = await visit(gateway.origin, '/', { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect(again.headers.get('content-security-policy')).toBe(first.headers.get('content-security-policy'));
    expect((await visit(gateway.origin, '/', { 'if-none-match': '"another"' })).status).toBe(200);
  });

  test('runs its own script and style only, named by their hashes, and asks this gateway only', async () => {
    await using gateway = await startTestGateway();
    const response = await visit(gateway.origin);
    const html = await response.text();
    const inlineOf = (tag: string) =>
      [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, 'g'))].map(([, text = '']) => sha256(text));

    const directives = directivesOf(response);
    expect(directives).toEqual({
      'default-src': "'none'",
      'script-src': inlineOf('script').join(' '),
      'style-src': inlineOf('style').join(' '),
      'img-src': 'data:',
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(inlineOf('script')).toHaveLength(1);
    expect(inlineOf('style')).toHaveLength(1);
    expect(html).not.toMatch(/<script[^>]+\bsrc=|<link[^>]+href="(?!data:)|\bstyle="|\bon\w+="/);
  });

  test('knows whether answers are bought, and so does the header of every response', async () => {
    await using upstream = await startUpstreamByKol({});
    await using live = await startTestGateway({ upstream });
    await using sandbox = await startTestGateway();
    const modeIn = async (response: Response) => /<html[^>]* data-mode="(\w+)"/.exec(await response.text())?.[1];
    const headersOf = (origin: string) =>
      Promise.all(['/', '/README.md', '/none'].map(async (path) => (await visit(origin, path)).headers));

    expect(await modeIn(await visit(live.origin))).toBe('live');
    expect(await modeIn(await visit(sandbox.origin))).toBe('sandbox');
    for (const headers of await headersOf(live.origin)) expect(headers.has('x-kol-gateway-mode')).toBe(false);
    for (const headers of await headersOf(sandbox.origin)) expect(headers.get('x-kol-gateway-mode')).toBe('sandbox');
    expect(upstream.calls).toHaveLength(0);
  });

  test('is for people: a program that asks for anything is told where GraphQL is', async () => {
    await using gateway = await startTestGateway();
    for (const accept of ['*/*', 'application/json']) {
      const response = await visit(gateway.origin, '/', { accept });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    }
    expect((await fetch(gateway.origin, { method: 'POST', headers: { accept: 'text/html' } })).status).toBe(404);
  });

  test('leads to GraphiQL where it was not built, by an address that holds below a sub-path, too', async () => {
    const page = createStartPage({ isSandbox: true, needsKey: false }, new URL('file:///no/such/page.html'));
    await using server = createServer((request, response) => {
      void page({ request, response, requestId: 'r', headers: {} });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { status, headers } = await visit(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect([status, headers.get('location')]).toEqual([302, 'graphql']);
  });

  test('is turned off with everything else that is for people', async () => {
    await using gateway = await startTestGateway({ env: { GRAPHIQL: 'false' } });
    for (const path of ['/', '/README.md', '/schema.graphql', '/docs/architecture.md', '/LICENSE']) {
      expect([path, (await visit(gateway.origin, path)).status]).toEqual([path, 404]);
    }
    const response = await visit(gateway.origin, '/graphql');
    expect(response.headers.get('content-type')).not.toContain('text/html');
    expect(await response.text()).not.toContain('<');
    const answer = await gateway.post({ query: '{ __typename }' });
    expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
  });
});
