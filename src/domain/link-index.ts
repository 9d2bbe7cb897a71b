import type { Span } from '../telemetry/span.ts';
import type { UpstreamError } from './upstream-error.ts';

/** The vendor's two ways to the same body, by our names for them. */
export const ENDPOINT_NAMES = ['kol-link-info', 'author-link-info'] as const;
export type EndpointName = (typeof ENDPOINT_NAMES)[number];

/** Which answer is meant. An empty `industryTag` is "all industries". */
export interface LinkIndexKey {
  readonly kolId: string;
  readonly industryTag: string;
}

/** One of the six indices. A member that the upstream did not give in a meaningful form is `null`. */
export interface IndexScore {
  /** The KOL's score, 0 to 100. */
  readonly value: number | null;
  /** The mean score of comparable KOLs, 0 to 100. */
  readonly avgValue: number | null;
  /** Change against the previous period as a fraction: -0.07 is -7 %. */
  readonly linkRelativeRatio: number | null;
  /** Position, 1 is best; `null` when not ranked. */
  readonly rank: number | null;
  /** Position as a fraction of all KOLs: 0.0179 is the top 1.79 %; `null` when not ranked. */
  readonly rankPercent: number | null;
}

export type IndexName = 'cooperate' | 'cp' | 'convert' | 'shopping' | 'spread' | 'star';
export type LinkIndexScores = Readonly<Record<IndexName, IndexScore | null>>;

export interface LinkIndexAnswer {
  readonly kind: 'answer';
  readonly scores: LinkIndexScores;
  readonly freshness: Freshness;
  /** Who gave it, while that is known: a tagged answer belongs to its endpoint. */
  readonly endpoint?: EndpointName;
  /** When the upstream gave it, in milliseconds since the epoch. */
  readonly fetchedAtMs: number;
  readonly attempts?: number;
}

/** The upstream knows that this KOL has no such data. That knowledge was billed too. */
export interface NoLinkIndex {
  readonly kind: 'no-data';
  readonly endpoint?: EndpointName;
  readonly fetchedAtMs: number;
  readonly attempts?: number;
}

export interface LinkIndexFailure {
  readonly kind: 'failure';
  readonly error: UpstreamError;
  /** When it failed, in milliseconds since the epoch. */
  readonly failedAtMs: number;
  /** How often the upstream was asked for it, while that is known. */
  readonly attempts?: number;
}

/** A closed set: a failed read is a value, so no rejection can be orphaned in a batch. */
export type LinkIndexOutcome = LinkIndexAnswer | NoLinkIndex | LinkIndexFailure;

/** When an outcome came to be, in milliseconds since the epoch. */
export function bornAtMsOf(outcome: LinkIndexOutcome): number {
  return outcome.kind === 'failure' ? outcome.failedAtMs : outcome.fetchedAtMs;
}

/** How an answer stands against its lifetimes; what comes from the upstream is fresh. */
export type Freshness = 'FRESH' | 'STALE_REVALIDATING' | 'STALE_UPSTREAM_FAILED';

/** Who pays: a client with, perhaps, a limit of its own. */
export interface Payer {
  readonly name: string;
  /** Billed calls per day of `BUDGET_TIME_ZONE` that it may lead; undefined is no limit of its own. */
  readonly billedPerDay: number | undefined;
}

/** On whose behalf is read: one object per request, and one per background refresh. */
export interface Requester {
  /** Calls that this requester led and that were billed. */
  billedCalls: number;
  /** Settles when this requester waits no longer; what it asked for goes on. */
  readonly waitOver: Promise<unknown>;
  /** Undefined is nobody in particular. */
  readonly payer?: Payer | undefined;
  /** `false` is content with what is there already: nothing is bought, and nothing refreshed. Default `true`. */
  readonly mayBuy?: boolean;
}

/** The right to buy one key, which ends by itself when its holder dies. */
export interface PurchaseLease {
  /** Differs from flight to flight. */
  readonly token: string;
  /** Makes it last for one more attempt. @returns whether it is still held; true where nobody can tell */
  extend(): Promise<boolean>;
}

export interface ReadOptions {
  /** `false` asks for an answer that nobody kept: neither we nor the vendor. */
  readonly acceptCache: boolean;
  readonly requester: Requester;
  /** Which attempt at this answer it is, from 1. */
  readonly attempt?: number;
  /** The right to buy this key, where replicas share their purchases. */
  readonly lease?: PurchaseLease | undefined;
  /** The step of a trace that this read is; undefined where nothing is recorded. */
  readonly span?: Span | undefined;
}

/**
 * The seam of the whole product: everything above the upstream sees only this, and
 * behaviour is added by wrapping it. `read` never rejects; failures are outcomes.
 */
export interface LinkIndexSource {
  read(key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome>;
}
