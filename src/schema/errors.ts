import { GraphQLError } from 'graphql';
import type { UpstreamError, UpstreamErrorCode } from '../upstream/upstream-error.ts';

/** Whether the same query may succeed later without anybody changing something. */
const RETRYABLE: ReadonlySet<UpstreamErrorCode> = new Set<UpstreamErrorCode>([
  'UPSTREAM_COLLECTION_FAILED',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_QUOTA_EXCEEDED',
  'UPSTREAM_INTERNAL_ERROR',
  'UPSTREAM_UNREACHABLE',
]);

/** The client's mistake; nothing was asked of the upstream. */
export function badUserInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', retryable: false } });
}

/** A failed read as clients see it. Branch on `extensions.code`. */
export function toGraphQLError(error: UpstreamError): GraphQLError {
  return new GraphQLError(error.message, {
    extensions: {
      code: error.code,
      retryable: RETRYABLE.has(error.code),
      ...(error.upstreamCode !== undefined && { upstreamCode: error.upstreamCode }),
    },
  });
}
