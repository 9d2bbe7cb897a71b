import type { LinkIndexOutcome, PurchaseLease } from '../domain/link-index.ts';
import { LEASE_LOST } from '../domain/verdicts.ts';

/** The calls in flight of this process, at most one per key. No caller can end one: it belongs to the process. */
export interface SingleFlight<Result> {
  /** Joins the flight of `key`, or starts one. */
  join(key: string, start: () => Promise<Result>): Promise<Result>;
  /**
   * Joins the forced flight of `key`, or starts one. An unforced flight may be answered from the vendor's cache,
   * so a forced one does not join it but starts when it has ended.
   */
  joinForced(key: string, start: () => Promise<Result>): Promise<Result>;
  readonly size: number;
  /** Settles when no flight is left. */
  idle(): Promise<void>;
}

export function createSingleFlight<Result>(): SingleFlight<Result> {
  const flights = new Map<string, Promise<Result>>();
  const forced = new Map<string, Promise<Result>>();

  function launch(map: Map<string, Promise<Result>>, key: string, start: () => Promise<Result>): Promise<Result> {
    const flight = start().finally(() => map.delete(key));
    map.set(key, flight);
    return flight;
  }

  return {
    join(key, start) {
      return flights.get(key) ?? forced.get(key) ?? launch(flights, key, start);
    },
    joinForced(key, start) {
      const current = forced.get(key);
      if (current !== undefined) return current;
      const unforced = flights.get(key);
      if (unforced === undefined) return launch(forced, key, start);
      return launch(forced, key, () => unforced.then(start, start));
    },
    get size() {
      return flights.size + forced.size;
    },
    async idle() {
      while (flights.size + forced.size > 0) {
        await Promise.allSettled([...flights.values(), ...forced.values()]);
      }
    },
  };
}

/** The single flight across replicas: one at a time holds the lease of a key, which expires when its holder stops. */
export interface Leases {
  /**
   * Takes the lease of a key, or returns its holder's flight.
   * @param abandoned the flight that ended without a result; what it may have cost is booked as unknown
   * @throws (rejects) when the store does not answer in time; each replica then buys for itself
   */
  acquire(cacheKey: string, isForced: boolean, abandoned?: string): Promise<HeldLease | LeaseOfAnother>;
  /** Ends every wait for another replica, and takes no lease from now on. */
  stop(): void;
}

export interface HeldLease extends PurchaseLease {
  readonly kind: 'held';
  /** Releases the lease and sends the outcome to the waiting replicas. Never rejects. */
  end(outcome: LinkIndexOutcome | undefined): Promise<void>;
}

export interface LeaseOfAnother {
  readonly kind: 'of-another';
  readonly token: string;
  readonly isForced: boolean;
  /** The outcome of the flight; undefined when it ends without one. */
  readonly outcome: Promise<LinkIndexOutcome | undefined>;
}

export interface SharedFlightOptions {
  /** Undefined where replicas share nothing. */
  readonly leases: Leases | undefined;
  readonly cacheKey: string;
  /** Whether only a new answer will do. */
  readonly isForced: boolean;
  /** What another replica has bought meanwhile and may be served. Called with the lease held. */
  readonly load: () => Promise<LinkIndexOutcome | undefined>;
  readonly purchase: (lease: PurchaseLease | undefined) => Promise<LinkIndexOutcome>;
}

export interface FlightResult {
  readonly outcome: LinkIndexOutcome;
  /** Whether this process made the call. */
  readonly isOwn: boolean;
}

/**
 * One purchase among all replicas: the holder of the lease buys, the others wait for its outcome. While leases are
 * unavailable, each replica buys for itself, which is one purchase per side of a network partition.
 */
export async function runShared(options: SharedFlightOptions): Promise<FlightResult> {
  const { leases, cacheKey, isForced, load, purchase } = options;
  let abandoned: string | undefined;
  for (;;) {
    const lease = await leases?.acquire(cacheKey, isForced, abandoned).catch(() => undefined);
    if (lease === undefined) return { outcome: await purchase(undefined), isOwn: true };
    if (lease.kind === 'of-another') {
      const outcome = await lease.outcome;
      abandoned = outcome === undefined ? lease.token : undefined;
      // An unforced flight may be answered from the vendor's cache, so a forced one does not take its outcome.
      if (outcome && (lease.isForced || !isForced)) return { outcome, isOwn: false };
      continue;
    }
    const result = await runHeld(lease, isForced ? undefined : load, purchase);
    // Another replica took the lease while this process was suspended; its outcome is waited for.
    if (result.outcome.kind !== 'failure' || result.outcome.error.verdict !== LEASE_LOST) return result;
  }
}

async function runHeld(
  lease: HeldLease,
  load: SharedFlightOptions['load'] | undefined,
  purchase: SharedFlightOptions['purchase'],
): Promise<FlightResult> {
  let outcome: LinkIndexOutcome | undefined;
  try {
    outcome = await load?.();
    if (outcome) return { outcome, isOwn: false };
    outcome = await purchase(lease);
    return { outcome, isOwn: true };
  } finally {
    await lease.end(outcome && isForAll(outcome) ? outcome : undefined);
  }
}

/** A refusal of this replica (its queue is full, it stops) is no answer for the others. */
function isForAll(outcome: LinkIndexOutcome): boolean {
  return outcome.kind !== 'failure' || outcome.error.verdict.wasAttempted;
}
