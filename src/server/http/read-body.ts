import type { IncomingMessage } from 'node:http';

/** So much of a refused body is still taken: a client that is cut off while it sends never reads its refusal. */
const MAX_DISCARDED_BYTES = 10_000_000;

/**
 * The whole body, or `null` as soon as it is known to be larger than `maxBytes`. The rest is read and discarded,
 * up to 10 MB; then the connection is cut. By events: the stream's iterator takes half as long again as the request.
 * @throws when the client disconnects in the middle
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let isTooLarge = Number(request.headers['content-length'] ?? 0) > maxBytes;
    if (isTooLarge) resolve(null);
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.byteLength;
      if (!isTooLarge && sizeBytes > maxBytes) {
        isTooLarge = true;
        resolve(null);
      }
      if (!isTooLarge) chunks.push(chunk);
      else if (sizeBytes > MAX_DISCARDED_BYTES) request.destroy();
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, sizeBytes)));
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client went away'));
    });
    request.on('error', reject);
  });
}
