import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scoresOf } from '../../src/sandbox/scores.ts';

/** Answers every KOL like the vendor, without a fault. */
export interface LocalUpstream extends AsyncDisposable {
  readonly baseUrl: string;
}

export async function startLocalUpstream(latencyMs: number): Promise<LocalUpstream> {
  const server = createServer(({ url = '/' }, response) => {
    const kolId = new URL(url, 'http://upstream').searchParams.get('kolId') ?? '';
    const data = { base_resp: { status_code: 0, status_message: '' }, ...scoresOf(kolId, '') };
    response.setHeader('content-type', 'application/json');
    setTimeout(() => response.end(JSON.stringify({ code: 0, data })), latencyMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
