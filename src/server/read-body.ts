import type { IncomingMessage } from 'node:http';

/** So much of a refused body is still taken: a client that is cut off while it sends never reads its refusal. */
const MAX_DISCARDED_BYTES = 10_000_000;

/**
 * The whole body, or `null` as soon as it is known to be larger than `maxBytes`. The rest is read and thrown away,
 * up to 10 MB; then the connection is cut.
 * @throws when the client goes away in the middle
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return discard(request);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    sizeBytes += (chunk as Buffer).byteLength;
    if (sizeBytes > maxBytes) return discard(request);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, sizeBytes);
}

function discard(request: IncomingMessage): null {
  let sizeBytes = 0;
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_DISCARDED_BYTES) request.destroy();
  });
  request.on('error', () => {}); // the client is free to give up now
  return null;
}
