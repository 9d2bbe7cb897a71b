import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly listener: RequestListener;
  /** 10 s for the headers, 30 s for the request, 60 s for taking an answer, looked after every second by default. */
  readonly patience?: Partial<Patience>;
}

/** How long a client may take, in milliseconds. */
export interface Patience {
  /** To send the headers, from the moment that it connects. */
  readonly headersMs: number;
  /** To send the whole request. */
  readonly requestMs: number;
  /** To take more of an answer that is waiting for it. */
  readonly takingMs: number;
  /** How often the first two are looked after, so how much longer they can last. Node's own default is 30 s. */
  readonly checkedEveryMs: number;
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

const PATIENCE: Patience = { headersMs: 10_000, requestMs: 30_000, takingMs: 60_000, checkedEveryMs: 1000 };

/** For the URL and all headers together; above it the answer is HTTP 431. Node's default, which a flag of Node's can raise. */
const MAX_HEADER_BYTES = 16_384;

/** @throws the error of `listen`, for example EADDRINUSE */
export async function startHttpServer({ host, port, listener, patience }: HttpServerOptions): Promise<HttpServer> {
  const { headersMs, requestMs, takingMs, checkedEveryMs } = { ...PATIENCE, ...patience };
  /** Every open connection, with the response to what is being answered on it. */
  const connections = new Map<Socket, ServerResponse | undefined>();
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      // Longer than the idle time of common load balancers, which else send into a closing connection.
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: checkedEveryMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Whatever NODE_OPTIONS says: a request that can be read in two ways smuggles another one in.
      insecureHTTPParser: false,
    },
    (request, response) => {
      connections.set(request.socket, response);
      response.on('close', () => {
        // A client that does not wait for an answer has its next request in there already.
        if (connections.get(request.socket) === response) connections.set(request.socket, undefined);
        // Else a connection that becomes idle while we drain would be waited for until its time-out.
        if (!server.listening) server.closeIdleConnections();
      });
      if (namesTwoHosts(request)) response.writeHead(400, { connection: 'close' }).end();
      else listener(request, response);
    },
  );
  server.on('connection', (socket) => {
    connections.set(socket, undefined);
    socket.once('close', () => connections.delete(socket));
  });
  // No bytes either way for so long. An answer that is not ready may take longer; one that the client does not read is dropped.
  server.setTimeout(takingMs, (socket) => {
    const response = connections.get(socket);
    if (!response || response.writableEnded || response.writableNeedDrain) socket.destroy();
  });
  server.listen(port, host);
  await once(server, 'listening');

  function cutUnheard(): void {
    for (const [socket, response] of connections) if (!response?.req.complete) socket.destroy();
  }

  return {
    origin: originOf(host, (server.address() as AddressInfo).port),
    async close() {
      const closed = once(server, 'close');
      // Else their clients would send the next request into a connection that ends with this answer.
      for (const response of connections.values())
        if (response?.headersSent === false) response.setHeader('connection', 'close');
      server.close();
      server.closeIdleConnections();
      // Node's own time-outs end with the listening.
      const timer = setTimeout(cutUnheard, requestMs);
      await closed;
      clearTimeout(timer);
    },
    cutUnheard,
    destroy: () => server.closeAllConnections(),
  };
}

/** Node takes the first one; a proxy in front may have taken the other. @see RFC 9112, section 3.2 */
function namesTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

function originOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
