import type { Span } from '../telemetry/span.ts';
import type { UpstreamError } from './upstream-error.ts';
import type { Billed } from './verdicts.ts';

/** The vendor's two endpoints for the same data, by our names for them. */
export const ENDPOINT_NAMES = ['kol-link-info', 'author-link-info'] as const;
export type EndpointName = (typeof ENDPOINT_NAMES)[number];

/** What is read. An empty `industryTag` means all industries. */
export interface LinkIndexKey {
  readonly kolId: string;
  readonly industryTag: string;
}

/** The six indices, in the order in which they are stored. */
export const INDEX_NAMES = ['cooperate', 'cp', 'convert', 'shopping', 'spread', 'star'] as const;
export type IndexName = (typeof INDEX_NAMES)[number];

/** One of the six indices. A member that the upstream left out, or sent in a meaningless form, is `null`. */
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

export type LinkIndexScores = Readonly<Record<IndexName, IndexScore | null>>;

export interface LinkIndexAnswer {
  readonly kind: 'answer';
  readonly scores: LinkIndexScores;
  readonly freshness: Freshness;
  /** The endpoint that gave it, where known: a tagged answer belongs to its endpoint. */
  readonly endpoint?: EndpointName;
  /** When the upstream gave it, in milliseconds since the epoch. */
  readonly fetchedAtMs: number;
  /** How many calls it took, where known. */
  readonly attempts?: number;
}

/** The upstream has no such data of this KOL. The call was billed. */
export interface NoLinkIndex {
  readonly kind: 'no-data';
  readonly endpoint?: EndpointName;
  /** As of an answer. */
  readonly fetchedAtMs: number;
  readonly attempts?: number;
}

export interface LinkIndexFailure {
  readonly kind: 'failure';
  readonly error: UpstreamError;
  /** When it failed, in milliseconds since the epoch. */
  readonly failedAtMs: number;
  /** How many calls were made, where known. */
  readonly attempts?: number;
}

/** A closed set. A failed read is a value, so no rejection can be lost in a batch. */
export type LinkIndexOutcome = LinkIndexAnswer | NoLinkIndex | LinkIndexFailure;

/** When an outcome was obtained, in milliseconds since the epoch. */
export function obtainedAtMsOf(outcome: LinkIndexOutcome): number {
  return outcome.kind === 'failure' ? outcome.failedAtMs : outcome.fetchedAtMs;
}

/** Whether the call behind this outcome was charged. */
export function billedOf(outcome: LinkIndexOutcome): Billed {
  return outcome.kind === 'failure' ? outcome.error.verdict.billed : 'yes';
}

/** Whether an outcome belongs into the store: what was or may have been billed, and refused parameters. */
export function isStorable(outcome: LinkIndexOutcome): boolean {
  return outcome.kind !== 'failure' || outcome.error.verdict.rememberFor !== 'none';
}

/** The freshness of an answer as clients see it. An answer that comes from the upstream is fresh. */
export type Freshness = 'FRESH' | 'STALE_REVALIDATING' | 'STALE_UPSTREAM_FAILED';

/** The client that pays for a call. */
export interface Payer {
  readonly name: string;
  /** Billed calls per day of `BUDGET_TIME_ZONE` that it may cause. Undefined: no limit of its own. */
  readonly billedPerDay: number | undefined;
}

/** On whose behalf a read is made: one object per request, and one per background refresh. */
export interface Requester {
  /** The calls that this requester caused and that were billed. */
  billedCalls: number;
  /** Settles when this requester stops waiting. Its purchases go on. */
  readonly waitOver: Promise<unknown>;
  /** Undefined: no client is charged. */
  readonly payer?: Payer | undefined;
  /**
   * `false` reads only what is cached: nothing is bought or refreshed.
   * @default true
   */
  readonly mayBuy?: boolean;
}

/** The exclusive right to buy one key. It expires when its holder stops. */
export interface PurchaseLease {
  /** Unique for each flight. */
  readonly token: string;
  /** Extends it by one more attempt. @returns whether it is still held; `true` where the store is unavailable */
  extend(): Promise<boolean>;
}

export interface ReadOptions {
  /** `false` demands a new answer: neither our cache nor the vendor's may serve it. */
  readonly acceptCache: boolean;
  readonly requester: Requester;
  /** The number of this attempt, from 1. */
  readonly attempt?: number;
  /** Held for this key, where replicas share their purchases. */
  readonly lease?: PurchaseLease | undefined;
  /** The span of this read. Undefined: not recorded. */
  readonly span?: Span | undefined;
}

/**
 * The central interface: everything above the upstream depends on it alone, and behaviour is added by wrapping it.
 * `read` never rejects because of the upstream; failures are outcomes.
 */
export interface LinkIndexSource {
  read(key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome>;
}

/** Adds one behaviour to a source. */
export type Policy = (next: LinkIndexSource) => LinkIndexSource;
