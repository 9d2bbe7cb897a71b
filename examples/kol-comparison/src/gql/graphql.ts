/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How an answer stands against the time for which it is served as it is. */
export type Freshness =
  /** Within its fresh lifetime, or bought for this request. */
  | 'FRESH'
  /** Past its fresh lifetime; a newer one is being fetched behind it. */
  | 'STALE_REVALIDATING'
  /** Past its fresh lifetime, and the upstream could not or may not be asked for a newer one. */
  | 'STALE_UPSTREAM_FAILED';

export type ComparisonQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type ComparisonQuery = { kols: Array<{ id: string } & ({ linkIndex: { fetchedAt: string, freshness: Freshness, star: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, cooperate: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, cp: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, convert: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, shopping: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, spread: { value: number | null, avgValue: number | null, rankPercent: number | null } | null } | null } | { linkIndex?: never }) | null> };

export type IndicesFragment = { fetchedAt: string, freshness: Freshness, star: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, cooperate: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, cp: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, convert: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, shopping: { value: number | null, avgValue: number | null, rankPercent: number | null } | null, spread: { value: number | null, avgValue: number | null, rankPercent: number | null } | null };

export type ScoreFragment = { value: number | null, avgValue: number | null, rankPercent: number | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ScoreFragmentDoc = new TypedDocumentString(`
    fragment Score on IndexScore {
  value
  avgValue
  rankPercent
}
    `, {"fragmentName":"Score"}) as unknown as TypedDocumentString<ScoreFragment, unknown>;
export const IndicesFragmentDoc = new TypedDocumentString(`
    fragment Indices on LinkIndex {
  star {
    ...Score
  }
  cooperate {
    ...Score
  }
  cp {
    ...Score
  }
  convert {
    ...Score
  }
  shopping {
    ...Score
  }
  spread {
    ...Score
  }
  fetchedAt
  freshness
}
    fragment Score on IndexScore {
  value
  avgValue
  rankPercent
}`, {"fragmentName":"Indices"}) as unknown as TypedDocumentString<IndicesFragment, unknown>;
export const ComparisonDocument = new TypedDocumentString(`
    query Comparison($ids: [ID!]!) {
  kols(ids: $ids) {
    id
    ... @defer {
      linkIndex {
        ...Indices
      }
    }
  }
}
    fragment Indices on LinkIndex {
  star {
    ...Score
  }
  cooperate {
    ...Score
  }
  cp {
    ...Score
  }
  convert {
    ...Score
  }
  shopping {
    ...Score
  }
  spread {
    ...Score
  }
  fetchedAt
  freshness
}
fragment Score on IndexScore {
  value
  avgValue
  rankPercent
}`, {"hash":"sha256:ddd2f508c2de519ee039aa0a47a6a38726d72f2f5f8fa93c6d43fad93b09232a"}) as unknown as TypedDocumentString<ComparisonQuery, ComparisonQueryVariables>;