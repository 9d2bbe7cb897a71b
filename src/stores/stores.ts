import type { Leases } from '../cache/flights.ts';
import type { AnswerStore } from '../cache/write-behind.ts';
import type { Config } from '../config/config.ts';
import type { LinkIndexOutcome } from '../domain/link-index.ts';
import type { Timers } from '../domain/time.ts';
import type { RateStore, SharedRates } from '../server/clients/rates.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { SharedBalance } from '../upstream/account/balance-reader.ts';
import type { ClientLedgers, Ledger } from '../upstream/ledger/ledger.ts';
import type { SharedPace } from '../upstream/policies/admission.ts';
import type { SharedPauses } from '../upstream/policies/breakers.ts';

/** This process among others. */
export interface ProcessIdentity {
  /** For people only: it may come again. */
  readonly pid: number;
  /** Differs from start to start. */
  readonly name: string;
}

export interface OpenStoresOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly identity: ProcessIdentity;
  readonly timers: Timers;
  /** The account whose pauses are shared, in a form that does not reveal its token. */
  readonly account: () => string;
  /** The endpoint that is asked now. */
  readonly endpoint: () => string;
  /** Whether the memory has something of a key. */
  readonly isRemembered: (cacheKey: string) => boolean;
  /** Called with what another replica has bought, where something of it is remembered. */
  readonly onBought: (cacheKey: string, outcome: LinkIndexOutcome) => void;
  readonly closing: AsyncDisposableStack;
  /** Called for each operation that the store did not do. */
  readonly onError: (operation: string, error: unknown) => void;
}

/** Everything that outlives the process, or is shared with others. */
export interface Stores {
  /** Undefined where answers do not outlive the process. */
  readonly answers: AnswerStore | undefined;
  readonly ledger: Ledger;
  /** What each client has spent, kept where the account's own ledger is. */
  readonly clients: ClientLedgers;
  /** Undefined where counted requests do not outlive the process. */
  readonly rates?: RateStore;
  /** What replicas share besides answers and money; undefined where there are none. */
  readonly shared?: {
    /** By how much the store's clock is ahead of this machine's, in milliseconds; undefined until it was compared. */
    readonly clockOffsetMs: () => number | undefined;
    readonly leases: Leases;
    readonly rates: SharedRates;
    readonly pauses: SharedPauses;
    /** Undefined without UPSTREAM_MAX_PER_SECOND. */
    readonly pace: SharedPace | undefined;
    /** Undefined without UPSTREAM_BALANCE_SECONDS. */
    readonly balance: SharedBalance | undefined;
  };
}

/** A start waits no longer than this for a store that is in trouble, in milliseconds. */
export const START_PATIENCE_MS = 1000;

/** Raised when stored answers change their meaning: older ones are then never read. */
const NAMESPACE_VERSION = 'v1';

/** Keeps what came from one upstream apart from another's, and from the sandbox's. */
export function scopeOf({ upstream: { target } }: Config): string {
  return `${NAMESPACE_VERSION} ${target.mode === 'sandbox' ? 'sandbox' : new URL(target.baseUrl).origin}`;
}
