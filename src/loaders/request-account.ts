import type { Requester } from '../upstream/link-index-source.ts';
import type { Timers } from '../upstream/timers.ts';

/** What one request was served, for its response headers; also the requester on whose behalf calls are made. */
export interface RequestAccount extends Requester, Disposable {
  /** The smallest remaining freshness of what was served, in milliseconds; undefined when nothing was. */
  readonly freshForMs: number | undefined;
  /** Whether something was bought that no cache may answer. */
  readonly isForced: boolean;
  note(freshForMs: number, acceptCache: boolean): void;
}

/**
 * @param waitMs the longest that the request waits for the upstream, from its first wait on
 * @param waitsEnd ends the wait at once
 */
export function createRequestAccount(waitMs: number, waitsEnd: AbortSignal, timers: Timers): RequestAccount {
  const patience = Promise.withResolvers<void>();
  const end = () => patience.resolve();
  let cancel: (() => void) | undefined;
  let freshForMs: number | undefined;
  let isForced = false;

  return {
    billedCalls: 0,
    // Begun by the first read that waits: a request of hits alone needs no timer.
    get waitOver() {
      cancel ??= timers.after(waitMs, end);
      if (waitsEnd.aborted) end();
      else waitsEnd.addEventListener('abort', end);
      return patience.promise;
    },
    get freshForMs() {
      return freshForMs;
    },
    get isForced() {
      return isForced;
    },
    note(remainingMs, acceptCache) {
      freshForMs = Math.min(freshForMs ?? Number.POSITIVE_INFINITY, remainingMs);
      isForced ||= !acceptCache;
    },
    [Symbol.dispose]() {
      cancel?.();
      waitsEnd.removeEventListener('abort', end);
    },
  };
}
