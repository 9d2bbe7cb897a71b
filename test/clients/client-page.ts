import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';
import { type Tab, useTestBrowser } from '../support/test-browser.ts';
import type { ClientRequest, ClientStep } from './client-step.ts';

export interface ClientTab extends Tab {
  /** Every result that the client has given so far. */
  readonly steps: readonly ClientStep[];
  /** Media types of the gateway's answers. */
  readonly mediaTypes: readonly (string | undefined)[];
  ask(request: ClientRequest): Promise<void>;
}

export interface ClientPage {
  /** Another one than the gateway's: what the page asks is cross-origin. */
  readonly origin: string;
  open(): Promise<ClientTab>;
}

/** A client, bundled from its entry as in an application, on a page of its own for each test. */
export function useClientPage(entry: URL): ClientPage {
  const browser = useTestBrowser();
  const stack = new AsyncDisposableStack();
  let origin = '';

  beforeAll(async () => {
    const script = await bundle(entry.pathname);
    ({ origin } = stack.use(await servePage(script)));
  });
  afterAll(() => stack.disposeAsync());

  return {
    get origin() {
      return origin;
    },
    async open() {
      const tab = await browser.open(origin);
      const steps: ClientStep[] = [];
      const mediaTypes: (string | undefined)[] = [];
      await tab.page.exposeFunction('tellStep', (step: ClientStep) => steps.push(step));
      tab.page.on('response', async (response) => {
        if (response.request().method() === 'POST') mediaTypes.push(response.headers()['content-type']?.split(';')[0]);
      });
      const ask = (request: ClientRequest) => tab.page.evaluate((given) => globalThis.ask(given), request);
      return { ...tab, steps, mediaTypes, ask, [Symbol.asyncDispose]: tab[Symbol.asyncDispose] };
    },
  };
}

async function servePage(script: string): Promise<{ readonly origin: string } & AsyncDisposable> {
  const server = createServer(({ url }, response) => {
    const isScript = url === '/client.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script src="client.js"></script>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      rolldownOptions: { input: entry, output: { format: 'iife' } },
    },
  });
  const [chunk, ...more] = 'output' in built ? built.output : [];
  if (chunk?.type !== 'chunk' || more.length > 0) throw new Error(`expected one script from ${entry}`);
  return chunk.code;
}
