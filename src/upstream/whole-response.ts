import type { Dispatcher } from 'undici';

/** A whole HTTP response. */
export interface WholeResponse {
  readonly httpStatus: number;
  readonly body: Uint8Array;
  /** The header of this name, as it came. */
  readonly retryAfter?: string | undefined;
}

export interface ReceiveOptions {
  /** From now to the last byte of the body. Undici's own timeouts restart with every byte. */
  readonly deadlineMs: number;
  /**
   * Told just before the request is written to its connection. What fails earlier was never sent, so it is known to be
   * unbilled; what fails later may have been billed.
   */
  readonly onSending: () => void;
}

/**
 * One request and its response, by undici's own events: its `request` would make a stream and take a signal for a body of
 * one kilobyte. Nothing here follows redirects, which would carry the token to another host, or inflates past the cap on sizes.
 *
 * @throws undici's error, or a `TimeoutError`
 */
export function receiveWhole(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { deadlineMs, onSending }: ReceiveOptions,
): Promise<WholeResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<WholeResponse>();
  const chunks: Uint8Array[] = [];
  let httpStatus = 0;
  let retryAfter: string | undefined;
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
    },
    onResponseData: (_controller, chunk) => void chunks.push(chunk),
    onResponseEnd: () => resolve({ httpStatus, body: joined(chunks), retryAfter }),
    onResponseError: (_controller, error) => reject(error),
  });
  return promise.finally(() => clearTimeout(deadline));
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}
