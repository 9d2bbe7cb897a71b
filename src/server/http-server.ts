import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly listener: RequestListener;
}

export interface HttpServer {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  /** Takes no new connections, and settles when every open request has been answered. */
  close(): Promise<void>;
  /** Cuts what is still open. */
  destroy(): void;
}

/** @throws the error of `listen`, for example EADDRINUSE */
export async function startHttpServer({ host, port, listener }: HttpServerOptions): Promise<HttpServer> {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      // Longer than the idle time of common load balancers, which else send into a closing connection.
      keepAliveTimeout: 75_000,
      // Node looks every 30 s by default, which makes the time-outs above that much longer.
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      // Else a connection that becomes idle while we drain would be waited for until its time-out.
      response.once('close', () => server.listening || server.closeIdleConnections());
      listener(request, response);
    },
  );
  server.listen(port, host);
  await once(server, 'listening');

  return {
    origin: originOf(host, (server.address() as AddressInfo).port),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
    destroy: () => server.closeAllConnections(),
  };
}

function originOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
