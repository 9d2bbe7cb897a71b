import { join } from 'node:path';
import { preview } from 'vite';
import { vi } from 'vitest';

const EXAMPLE = join(import.meta.dirname, '../../examples/kol-comparison');

export interface ServedExample extends AsyncDisposable {
  readonly origin: string;
  /** Cuts what is under way; new connections are welcome. */
  cutConnections(): void;
}

/** The built example on a free port, as `npm run preview` serves it: with its own configuration and its own proxy. */
export async function serveExample(gatewayOrigin: string): Promise<ServedExample> {
  vi.stubEnv('KOL_GATEWAY_ORIGIN', gatewayOrigin);
  const server = await preview({
    root: EXAMPLE,
    preview: { host: '127.0.0.1', port: 0, open: false },
    logLevel: 'silent',
  });
  vi.unstubAllEnvs();
  const [url] = server.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error('expected the preview server to listen on loopback, but it has no URL');
  return {
    origin: new URL(url).origin,
    cutConnections() {
      if ('closeAllConnections' in server.httpServer) server.httpServer.closeAllConnections();
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
