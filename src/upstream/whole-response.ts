import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** A whole HTTP response. */
export interface WholeResponse {
  readonly httpStatus: number;
  /** Without its compression; empty where that could not be undone. */
  readonly body: Uint8Array;
  /** Why the compression could not be undone, in our words, if so. */
  readonly bodyFault?: string | undefined;
  /** The header of this name, as it came. */
  readonly retryAfter?: string | undefined;
}

export interface ReceiveOptions {
  /** From now to the last byte of the body. Undici's own timeouts restart with every byte. */
  readonly deadlineMs: number;
  /** The most that a compressed body may inflate to. What arrives is limited by the dispatcher. */
  readonly maxBodyBytes: number;
  /**
   * Called just before the request is written to its connection. What fails earlier was never sent, so it is known to be
   * unbilled; what fails later may have been billed.
   */
  readonly onSending: () => void;
}

/**
 * One request and its response, by undici's own events: its `request` would make a stream and take a signal for a body of
 * one kilobyte. Nothing here follows redirects, which would carry the token to another host. A response that is compressed
 * although we ask for none is paid for like any other, so it is read.
 *
 * @throws undici's error, or a `TimeoutError`
 */
export function receiveWhole(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { deadlineMs, maxBodyBytes, onSending }: ReceiveOptions,
): Promise<WholeResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<WholeResponse>();
  const chunks: Uint8Array[] = [];
  let httpStatus = 0;
  let retryAfter: string | undefined;
  let codings: readonly string[] = [];
  let tooLate: Error | undefined;
  let connection: Dispatcher.DispatchController | undefined;

  const deadline = setTimeout(() => {
    tooLate = new DOMException('the deadline has passed', 'TimeoutError');
    reject(tooLate);
    connection?.abort(tooLate);
  }, deadlineMs);

  dispatcher.dispatch(request, {
    onRequestStart(controller) {
      connection = controller;
      if (tooLate) controller.abort(tooLate);
      else onSending();
    },
    onResponseStart(_controller, statusCode, headers) {
      httpStatus = statusCode;
      const value = headers['retry-after'];
      retryAfter = typeof value === 'string' ? value : undefined;
      codings = codingsIn(String(headers['content-encoding'] ?? ''));
    },
    onResponseData: (_controller, chunk) => void chunks.push(chunk),
    onResponseEnd() {
      const response = { httpStatus, body: joined(chunks), retryAfter };
      resolve(codings.length === 0 ? response : decompressed(response, codings, maxBodyBytes));
    },
    onResponseError: (_controller, error) => reject(error),
  });
  return promise.finally(() => clearTimeout(deadline));
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

/** The codings that a `Content-Encoding` names, without `identity`, which is none. */
function codingsIn(header: string): readonly string[] {
  const names = header.toLowerCase().split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
}

/** Runs in the thread pool and stops at the limit: a small body may inflate to a thousand times its size. */
type Decompress = (bytes: Uint8Array, limit: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

/** By the names of RFC 9110, section 8.4.1. `deflate` means the form of zlib, which some servers leave out. */
const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', (bytes, limit) => promisify(isZlib(bytes) ? inflate : inflateRaw)(bytes, limit)],
  ['br', promisify(brotliDecompress)],
]);

/** No encoder begins raw deflate data with these four bits. @see RFC 1950, section 2.2 */
function isZlib([first = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8;
}

/** The response without its compression. Where that cannot be undone, the HTTP status alone says what the response means. */
async function decompressed(
  response: WholeResponse,
  [coding = '', ...others]: readonly string[],
  maxBodyBytes: number,
): Promise<WholeResponse> {
  const decompress = others.length > 0 ? undefined : DECOMPRESS.get(coding);
  if (decompress === undefined) return unreadable(response, 'a Content-Encoding that is none of gzip, deflate and br');
  try {
    return { ...response, body: await decompress(response.body, { maxOutputLength: maxBodyBytes }) };
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const fault = isTooLarge
      ? 'a body that inflates past the cap'
      : 'a body that is cut off or not what its Content-Encoding says';
    return unreadable(response, fault);
  }
}

function unreadable(response: WholeResponse, bodyFault: string): WholeResponse {
  return { ...response, body: new Uint8Array(), bodyFault };
}
