import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../support/test-gateway.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The path goes out as it stands; `fetch` would tidy it up first. */
async function statusOf(origin: string, path: string, method = 'GET'): Promise<number | undefined> {
  const { hostname, port } = new URL(origin);
  const outgoing = request({ hostname, port, path, method, agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

/** Every document that is written in Markdown, by its path on the server. */
function markdownPaths(): string[] {
  const files = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`);
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...files]
    .filter((path) => path.endsWith('.md'))
    .map((path) => `/${path}`);
}

function htmlLinksOf(html: string): string[] {
  return [...html.matchAll(/<(?:a|img)\b[^>]*? (?:href|src)="([^"]*)"/g)].map(([, link = '']) => link);
}

describe('the documents over HTTP', () => {
  test('are pages, which run nothing and load nothing from elsewhere', async () => {
    await using gateway = await startTestGateway();
    for (const path of ['/README.md', '/docs/architecture.md', '/docs/decisions/009-signals.md']) {
      const response = await fetch(gateway.origin + path);
      const html = await response.text();
      const heading = /^# (.*)/m.exec(readFileSync(join(ROOT, path), 'utf8'))?.[1];

      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(html)));
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';(?!.*script-src)/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(html).toMatch(new RegExp(`<h1 id="[a-z0-9-]+">${heading}</h1>`));
      expect(html).toContain(`<title>kol-gateway: ${path.slice(1)}</title>`);
    }
  });

  test('lead to one another: every link to a document is answered', async () => {
    await using gateway = await startTestGateway();
    const links = new Map<string, string>();
    for (const path of markdownPaths()) {
      const page = new URL(path, gateway.origin);
      const response = await fetch(page);
      expect([path, response.status]).toEqual([path, 200]);
      for (const link of htmlLinksOf(await response.text())) {
        const target = new URL(link, page);
        if (target.origin === gateway.origin && /\.(md|graphql|png|svg)$|\/LICENSE$/.test(target.pathname)) {
          links.set(target.pathname, path);
        }
      }
    }
    for (const path of ['/docs/architecture.md', '/docs/configuration.md', '/schema.graphql', '/LICENSE']) {
      expect([...links.keys()]).toContain(path);
    }
    for (const [target, from] of links) {
      expect([from, target, await statusOf(gateway.origin, target)]).toEqual([from, target, 200]);
    }
  });

  test('give the schema as it is in the repository', async () => {
    await using gateway = await startTestGateway();
    const response = await fetch(`${gateway.origin}/schema.graphql`);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'));
  });

  test('hide the schema where introspection is off, and nothing else', async () => {
    await using gateway = await startTestGateway({ env: { INTROSPECTION: 'false' } });
    expect(await statusOf(gateway.origin, '/schema.graphql')).toBe(404);
    for (const path of ['/schema.graphql?', '/schema.graphql?a=1', '/./schema.graphql', '/docs/../schema.graphql']) {
      expect([path, await statusOf(gateway.origin, path)]).toEqual([path, 404]);
    }
    expect(await statusOf(gateway.origin, '/README.md')).toBe(200);
  });

  test('are read only', async () => {
    await using gateway = await startTestGateway();
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect([method, await statusOf(gateway.origin, '/README.md', method)]).toEqual([method, 404]);
    }
  });

  test.each([
    '/package.json',
    '/docs/../package.json',
    '/docs/..%2fpackage.json',
    '/docs/%2e%2e/package.json',
    '/docs/%2e%2e/README.md',
    '/docs/../README.md',
    '/docs/../../etc/passwd',
    '/docs//etc/passwd.md',
    '//README.md',
    '/./README.md',
    '/docs/.md',
    '/docs/',
    '/docs',
    '/docs/none.md',
    '/README.md/',
    '/README.md%00',
    '/readme.md',
    '/docs\\..\\README.md',
    '/docs/decisions/..%5c..%5cREADME.md',
    '/node_modules/marked/README.md',
    '/src/page/index.html',
    '/.kol-gateway/cache.sqlite',
    '/.git/config',
    '/docs/screenshots/none.png',
    '/docs/screenshots/../../package.json',
  ])('are all there is: %s is not found', async (path) => {
    await using gateway = await startTestGateway();
    expect(await statusOf(gateway.origin, path)).toBe(404);
  });
});
