import { GraphQLError } from 'graphql';
import type { LinkIndexKey } from '../domain/link-index.ts';
import type { UpstreamError } from '../domain/upstream-error.ts';

/** The client's mistake; nothing was asked of the upstream. */
export function badUserInput(message: string, key?: Partial<LinkIndexKey>): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', retryable: false, ...nameKey(key) } });
}

/** What this client may not ask; nothing was asked of the upstream. */
export function forbidden(message: string, key: LinkIndexKey): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN', retryable: false, ...nameKey(key) } });
}

/** A failed read as clients see it. Branch on `extensions.code`. */
export function toGraphQLError(error: UpstreamError, key: LinkIndexKey): GraphQLError {
  return new GraphQLError(error.message, {
    extensions: {
      code: error.code,
      retryable: error.verdict.isRetryable,
      ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
      ...(error.upstreamCode !== undefined && { upstreamCode: error.upstreamCode }),
      ...(error.pausedBy !== undefined && { reason: error.pausedBy }),
      ...nameKey(key),
    },
  });
}

/** Which `linkIndex` an error is about: a router does not pass on the path that says so. */
function nameKey({ kolId, industryTag }: Partial<LinkIndexKey> = {}) {
  return { ...(kolId !== undefined && { kolId }), ...(industryTag && { industryTag }) };
}
