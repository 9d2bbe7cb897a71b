import type { IncomingMessage } from 'node:http';

/**
 * The whole body, or `null` as soon as it is known to be larger than `maxBytes`; the rest is not read.
 * @throws when the client goes away in the middle
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return null;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    sizeBytes += (chunk as Buffer).byteLength;
    if (sizeBytes > maxBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, sizeBytes);
}
