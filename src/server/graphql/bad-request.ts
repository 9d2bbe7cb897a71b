import { GraphQLError } from 'graphql';

/** A request that is none of GraphQL over HTTP: status 400 whatever the client accepts. */
export function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}
