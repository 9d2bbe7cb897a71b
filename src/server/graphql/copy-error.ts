import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';

/** The same error in other words. A copy: yoga remembers the errors of invalid documents and shares them between requests. */
export function copyError(
  error: GraphQLError,
  { message = error.message, extensions = error.extensions }: { message?: string; extensions?: GraphQLErrorExtensions },
): GraphQLError {
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions,
  });
}
