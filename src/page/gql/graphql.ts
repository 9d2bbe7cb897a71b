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

export type CompareKolsQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type CompareKolsQuery = { kols: Array<{ id: string } & ({ linkIndex: { fetchedAt: string, freshness: Freshness, cooperate: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, cp: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, convert: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, shopping: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, spread: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, star: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null } | null } | { linkIndex?: never }) | null> };

export type ScoreFragment = { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null };

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
  linkRelativeRatio
  rank
  rankPercent
}
    `, {"fragmentName":"Score"}) as unknown as TypedDocumentString<ScoreFragment, unknown>;
export const CompareKolsDocument = new TypedDocumentString(`
    query CompareKols($ids: [ID!]!) {
  kols(ids: $ids) {
    id
    ... @defer {
      linkIndex {
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
        star {
          ...Score
        }
        fetchedAt
        freshness
      }
    }
  }
}
    fragment Score on IndexScore {
  value
  avgValue
  linkRelativeRatio
  rank
  rankPercent
}`, {"hash":"sha256:ccfc138c28b079ebfdd8988cf2a54595b0a348c66b56e5aea4c0164f527508ee"}) as unknown as TypedDocumentString<CompareKolsQuery, CompareKolsQueryVariables>;