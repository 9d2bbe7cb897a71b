import { GraphQLError } from 'graphql';
import type { UpstreamError } from '../upstream/upstream-error.ts';

/** The client's mistake; nothing was asked of the upstream. */
export function badUserInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', retryable: false } });
}

/** What this client may not ask; nothing was asked of the upstream. */
export function forbidden(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN', retryable: false } });
}

/** A failed read as clients see it. Branch on `extensions.code`. */
export function toGraphQLError(error: UpstreamError): GraphQLError {
  return new GraphQLError(error.message, {
    extensions: {
      code: error.code,
      retryable: error.verdict.isRetryable,
      ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
      ...(error.upstreamCode !== undefined && { upstreamCode: error.upstreamCode }),
      ...(error.pausedBy !== undefined && { reason: error.pausedBy }),
    },
  });
}
