import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly listener: RequestListener;
}

export interface HttpServer {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  /**
   * Takes no new connections, and settles when every open request has been answered. A request that is still being
   * sent may go on for its usual 30 s.
   */
  close(): Promise<void>;
  /** Cuts every connection whose request has not arrived yet. */
  cutUnheard(): void;
  /** Cuts what is still open. */
  destroy(): void;
}

const REQUEST_TIMEOUT_MS = 30_000;

/** @throws the error of `listen`, for example EADDRINUSE */
export async function startHttpServer({ host, port, listener }: HttpServerOptions): Promise<HttpServer> {
  /** Every open connection, with the request of it that is being answered. */
  const connections = new Map<Socket, IncomingMessage | undefined>();
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Longer than the idle time of common load balancers, which else send into a closing connection.
      keepAliveTimeout: 75_000,
      // Node looks every 30 s by default, which makes the time-outs above that much longer.
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      connections.set(request.socket, request);
      response.once('close', () => {
        if (connections.has(request.socket)) connections.set(request.socket, undefined);
        // Else a connection that becomes idle while we drain would be waited for until its time-out.
        if (!server.listening) server.closeIdleConnections();
      });
      listener(request, response);
    },
  );
  server.on('connection', (socket) => {
    connections.set(socket, undefined);
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');

  function cutUnheard(): void {
    for (const [socket, request] of connections) if (!request?.complete) socket.destroy();
  }

  return {
    origin: originOf(host, (server.address() as AddressInfo).port),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      // Node's own time-outs end with the listening.
      const timer = setTimeout(cutUnheard, REQUEST_TIMEOUT_MS);
      await closed;
      clearTimeout(timer);
    },
    cutUnheard,
    destroy: () => server.closeAllConnections(),
  };
}

function originOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
