import type { LinkIndexKey, Payer, Requester } from '../domain/link-index.ts';
import type { Timers } from '../domain/time.ts';
import type { Span } from '../telemetry/span.ts';

/** Where an answer came from. All but the last two are purchases avoided. */
export type ReadSource = 'memory' | 'store' | 'stale' | 'coalesced' | 'negative' | 'bought' | 'failed';

/** One read of one key, for the response's headers, `x-account` and the metrics. */
export interface ReadNote {
  readonly key: LinkIndexKey;
  readonly source: ReadSource;
  /** The age of the answer, in milliseconds; undefined where there is none. */
  readonly ageMs: number | undefined;
  /** How many calls this read made or joined. */
  readonly attempts: number;
  readonly durationMs: number;
  /** For how much longer the answer is fresh, in milliseconds. */
  readonly freshForMs: number;
  readonly isForced: boolean;
  /** Refused because of a dry run: it would have been bought. */
  readonly wouldBuy: boolean;
}

/** What one request has read. It is also the requester on whose behalf calls are made. */
export interface RequestAccount extends Requester, Disposable {
  /** The span that contains the reads. Undefined: not recorded. */
  span?: Span | undefined;
  /** The reads so far, one per key. */
  readonly reads: readonly ReadNote[];
  note(read: ReadNote): void;
}

export interface RequestAccountOptions {
  /** The longest time that the request waits for the upstream, from its first wait on, in milliseconds. */
  readonly waitMs: number;
  /** Contains this request's wait until the account is disposed of. */
  readonly waits: Waits;
  readonly payer: Payer | undefined;
  readonly mayBuy: boolean;
  readonly timers: Timers;
}

export function createRequestAccount(options: RequestAccountOptions): RequestAccount {
  const { waitMs, waits, payer, mayBuy, timers } = options;
  const wait = Promise.withResolvers<void>();
  const end = () => wait.resolve();
  const reads: ReadNote[] = [];
  let cancel: (() => void) | undefined;

  return {
    billedCalls: 0,
    payer,
    mayBuy,
    reads,
    // The timer is started by the first read that waits: a request of hits alone needs none.
    get waitOver() {
      cancel ??= timers.after(waitMs, end);
      waits.add(end);
      return wait.promise;
    },
    note: (read) => void reads.push(read),
    [Symbol.dispose]() {
      cancel?.();
      waits.delete(end);
    },
  };
}

/** The waits of all requests, so that a forced stop can end them at once. */
export interface Waits {
  /** Calls `end` at once after `endAll`. */
  add(end: () => void): void;
  delete(end: () => void): void;
  /** Ends every wait, now and from now on. */
  endAll(): void;
}

/** A set, because removing a listener from an `AbortSignal` searches all its listeners. */
export function createWaits(): Waits {
  const waits = new Set<() => void>();
  let haveEnded = false;

  return {
    add(end) {
      if (haveEnded) end();
      else waits.add(end);
    },
    delete: (end) => void waits.delete(end),
    endAll() {
      haveEnded = true;
      for (const end of waits) end();
      waits.clear();
    },
  };
}
