import type { LinkIndexKey, Payer, Requester } from '../domain/link-index.ts';
import type { Timers } from '../domain/time.ts';
import type { Span } from '../telemetry/span.ts';
import type { Waits } from './waits.ts';

/** Where an answer came from. All but the last two are purchases avoided. */
export type ReadSource = 'memory' | 'store' | 'stale' | 'coalesced' | 'negative' | 'bought' | 'failed';

/** One read of one key, as it is told to whoever asks for the account. */
export interface ReadNote {
  readonly key: LinkIndexKey;
  readonly source: ReadSource;
  /** The age of the answer; undefined where there is none. */
  readonly ageMs: number | undefined;
  /** How often the upstream was asked for it in this read. */
  readonly attempts: number;
  readonly durationMs: number;
  /** For how much longer the answer is fresh. */
  readonly freshForMs: number;
  readonly isForced: boolean;
  /** Refused because of a dry run: it would have been bought. */
  readonly wouldBuy: boolean;
}

/** What one request was served, for its response headers; also the requester on whose behalf calls are made. */
export interface RequestAccount extends Requester, Disposable {
  /** The step of a trace within which keys are read; undefined where nothing is recorded. */
  span?: Span | undefined;
  /** The reads so far, each key once. */
  readonly reads: readonly ReadNote[];
  note(read: ReadNote): void;
}

export interface RequestAccountOptions {
  /** The longest that the request waits for the upstream, from its first wait on. */
  readonly waitMs: number;
  /** Among which this one is while it lasts. */
  readonly waits: Waits;
  readonly payer: Payer | undefined;
  readonly mayBuy: boolean;
  readonly timers: Timers;
}

export function createRequestAccount(options: RequestAccountOptions): RequestAccount {
  const { waitMs, waits, payer, mayBuy, timers } = options;
  const patience = Promise.withResolvers<void>();
  const end = () => patience.resolve();
  const reads: ReadNote[] = [];
  let cancel: (() => void) | undefined;

  return {
    billedCalls: 0,
    payer,
    mayBuy,
    reads,
    // Begun by the first read that waits: a request of hits alone needs no timer.
    get waitOver() {
      cancel ??= timers.after(waitMs, end);
      waits.add(end);
      return patience.promise;
    },
    note: (read) => void reads.push(read),
    [Symbol.dispose]() {
      cancel?.();
      waits.delete(end);
    },
  };
}
