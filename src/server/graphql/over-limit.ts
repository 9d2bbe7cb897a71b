import { type ASTNode, GraphQLError } from 'graphql';

/** A document that asks for more than any of ours needs to: a validation error, with HTTP 400. */
export function overLimit(what: string, most: number, node?: ASTNode): GraphQLError {
  return new GraphQLError(`${what}: expected at most ${most}.`, {
    nodes: node ?? null,
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
}
