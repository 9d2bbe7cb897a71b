import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

/** @throws the error of `listen`, for example EADDRINUSE */
export async function startLoopbackServer(port: number, listener: RequestListener): Promise<AsyncDisposable> {
  const server = createServer(listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
