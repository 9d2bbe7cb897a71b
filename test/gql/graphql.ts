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

export type StarOfQueryVariables = Exact<{
  id: string;
}>;


export type StarOfQuery = { kol: { id: string, linkIndex: { freshness: Freshness, star: { value: number | null, rank: number | null } | null } | null } | null };

export type StarsOfQueryVariables = Exact<{
  ids: Array<string> | string;
  industryTag?: string | null | undefined;
  acceptCache?: boolean;
}>;


export type StarsOfQuery = { kols: Array<{ id: string, linkIndex: { star: { value: number | null } | null } | null } | null> };

export type AllOfQueryVariables = Exact<{
  id: string;
}>;


export type AllOfQuery = { kol: { linkIndex: { fetchedAt: string, freshness: Freshness, cooperate: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, cp: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, convert: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, shopping: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, spread: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null, star: { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null } | null } | null } | null };

export type ScoreFragment = { value: number | null, avgValue: number | null, linkRelativeRatio: number | null, rank: number | null, rankPercent: number | null };

export type IdsOnlyQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type IdsOnlyQuery = { kols: Array<{ id: string } | null> };

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
export const StarOfDocument = new TypedDocumentString(`
    query StarOf($id: ID!) {
  kol(id: $id) {
    id
    linkIndex {
      star {
        value
        rank
      }
      freshness
    }
  }
}
    `, {"hash":"sha256:dca01cd0fc94eb099a1d35cb4326b66012cefbf38ceba315ff09c960accc6ed3"}) as unknown as TypedDocumentString<StarOfQuery, StarOfQueryVariables>;
export const StarsOfDocument = new TypedDocumentString(`
    query StarsOf($ids: [ID!]!, $industryTag: String, $acceptCache: Boolean! = true) {
  kols(ids: $ids) {
    id
    linkIndex(industryTag: $industryTag, acceptCache: $acceptCache) {
      star {
        value
      }
    }
  }
}
    `, {"hash":"sha256:2b84c6e75b67b1d2c294ee0e39ed38d957d23c5fd3c72c6248c8fa4d089f9083"}) as unknown as TypedDocumentString<StarsOfQuery, StarsOfQueryVariables>;
export const AllOfDocument = new TypedDocumentString(`
    query AllOf($id: ID!) {
  kol(id: $id) {
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
    fragment Score on IndexScore {
  value
  avgValue
  linkRelativeRatio
  rank
  rankPercent
}`, {"hash":"sha256:ac0a485aab8c2a457c80d0a70dee5d5b3a583f3e3edd3f671f08b4fa6f56738d"}) as unknown as TypedDocumentString<AllOfQuery, AllOfQueryVariables>;
export const IdsOnlyDocument = new TypedDocumentString(`
    query IdsOnly($ids: [ID!]!) {
  kols(ids: $ids) {
    id
  }
}
    `, {"hash":"sha256:7389006024f0ccfc82c30359ab83c756e9269eda678f9668c6e85475f8a2baca"}) as unknown as TypedDocumentString<IdsOnlyQuery, IdsOnlyQueryVariables>;