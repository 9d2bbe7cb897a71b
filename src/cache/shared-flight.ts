import type { LinkIndexOutcome, PurchaseLease } from '../domain/link-index.ts';
import { LEASE_LOST } from '../domain/verdicts.ts';
import type { HeldLease, LeaseOfAnother, Leases } from './leases.ts';

export interface SharedFlightOptions {
  /** Undefined where no replicas share anything. */
  readonly leases: Leases | undefined;
  readonly cacheKey: string;
  /** Whether only an answer will do that nobody kept. */
  readonly isForced: boolean;
  /** What others have bought meanwhile and may be served; asked with the lease in hand. */
  readonly recall: () => Promise<LinkIndexOutcome | undefined>;
  readonly purchase: (lease: PurchaseLease | undefined) => Promise<LinkIndexOutcome>;
}

/** What a flight brought, and whether this process made the call. */
export interface Flown {
  readonly outcome: LinkIndexOutcome;
  readonly isOwn: boolean;
}

/**
 * One purchase among all replicas: whoever has the lease buys, the others wait for what it brings. Where the leases
 * cannot be asked, each replica buys for itself, which is one purchase for each side of a partition.
 */
export async function flyShared(options: SharedFlightOptions): Promise<Flown> {
  const { leases, cacheKey, isForced, recall, purchase } = options;
  let dead: string | undefined;
  for (;;) {
    const lease = await leases?.acquire(cacheKey, isForced, dead).catch(() => undefined);
    if (lease === undefined) return { outcome: await purchase(undefined), isOwn: true };
    if (lease.kind === 'of-another') {
      const outcome = await lease.outcome;
      dead = outcome === undefined ? lease.token : undefined;
      if (outcome && mayJoin(lease, isForced)) return { outcome, isOwn: false };
      continue;
    }
    const flown = await flyWith(lease, isForced ? undefined : recall, purchase);
    // Another replica took it while this process stood still; it is waited for.
    if (flown.outcome.kind !== 'failure' || flown.outcome.error.verdict !== LEASE_LOST) return flown;
  }
}

/** An unforced flight may answer from a cache of the vendor's, so a forced one does not join it. */
function mayJoin({ isForced: isTheirsForced }: LeaseOfAnother, isForced: boolean): boolean {
  return isTheirsForced || !isForced;
}

async function flyWith(
  lease: HeldLease,
  recall: SharedFlightOptions['recall'] | undefined,
  purchase: SharedFlightOptions['purchase'],
): Promise<Flown> {
  let outcome: LinkIndexOutcome | undefined;
  try {
    outcome = await recall?.();
    if (outcome) return { outcome, isOwn: false };
    outcome = await purchase(lease);
    return { outcome, isOwn: true };
  } finally {
    await lease.end(outcome && isForAll(outcome) ? outcome : undefined);
  }
}

/** What this replica refused on its own account (its queue is full, it stops) is no answer to the others. */
function isForAll(outcome: LinkIndexOutcome): boolean {
  return outcome.kind !== 'failure' || outcome.error.verdict.condemns !== 'nothing';
}
