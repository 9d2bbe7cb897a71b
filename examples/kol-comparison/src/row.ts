import type { OperationResult } from 'urql';
import { type Failure, failureAt, NO_CONNECTION } from './failure.ts';
import type { ComparisonQuery, IndicesFragment } from './gql/graphql.ts';

/** What is known about one KOL. */
export type Row =
  | { readonly kind: 'pending' }
  | { readonly kind: 'scores'; readonly indices: IndicesFragment }
  | { readonly kind: 'no-data' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** What the payloads so far say about the KOL at `index` of the list that was asked for. */
export function rowAt(index: number, { data, error, hasNext }: OperationResult<ComparisonQuery>): Row {
  const failure = error && failureAt(index, error);
  if (failure) return { kind: 'failed', failure };
  const indices = data?.kols[index]?.linkIndex;
  if (indices) return { kind: 'scores', indices };
  // Null without an error is an answer: the KOL has no such data. What is still deferred is not there at all.
  if (indices === null) return { kind: 'no-data' };
  return hasNext ? { kind: 'pending' } : { kind: 'failed', failure: NO_CONNECTION };
}
