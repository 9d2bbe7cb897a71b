import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where the proxy serves the gateway. */
export const SUB_PATH = '/kol';

export interface SubPathProxy extends AsyncDisposable {
  readonly origin: string;
  /** What was asked for beside the sub-path; each is HTTP 404. */
  readonly strayPaths: readonly string[];
}

/** As `location /kol/ { proxy_pass http://gateway/; }` of nginx: it takes the sub-path off, and redirects to its trailing slash. */
export async function startSubPathProxy(targetOrigin: string): Promise<SubPathProxy> {
  const strayPaths: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { url = '', method, headers } = incoming;
    if (url === SUB_PATH) {
      outgoing.writeHead(301, { location: `${SUB_PATH}/` }).end();
      return;
    }
    if (!url.startsWith(`${SUB_PATH}/`)) {
      strayPaths.push(url);
      outgoing.writeHead(404).end();
      return;
    }
    // Headers go as they are, `Host` among them.
    const onward = sendRequest(`${targetOrigin}${url.slice(SUB_PATH.length)}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strayPaths,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
