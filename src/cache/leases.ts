import type { LinkIndexOutcome, PurchaseLease } from '../domain/link-index.ts';

/**
 * Who among replicas buys a key: one at a time, by a lease that ends by itself when its holder dies.
 * Within a process the single flight says so; these are the single flight across processes.
 */
export interface Leases {
  /**
   * Takes the lease of a key, or tells who holds it. Rejects when nobody can tell in time; then everybody buys for himself.
   * @param dead the flight that was waited for and ended without a word; what it may have cost is booked as unknown
   */
  acquire(cacheKey: string, isForced: boolean, dead?: string): Promise<HeldLease | LeaseOfAnother>;
  /** Ends every wait for others at once, and takes no lease any more. */
  stop(): void;
}

export interface HeldLease extends PurchaseLease {
  readonly kind: 'held';
  /** Gives it back, and tells those who wait what the flight brought; never rejects. */
  end(outcome: LinkIndexOutcome | undefined): Promise<void>;
}

export interface LeaseOfAnother {
  readonly kind: 'of-another';
  readonly token: string;
  readonly isForced: boolean;
  /** What the flight brings; undefined when it ends without a word. */
  readonly outcome: Promise<LinkIndexOutcome | undefined>;
}
