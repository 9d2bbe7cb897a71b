import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { IsRouter } from '../clients/router-secret.ts';
import { callOf, type GraphqlCall } from '../http/reply.ts';
import { partsOfOperation } from './operation-parts.ts';

/** What only a router asks for: the SDL to compose, and entities to join. No other type has fields of these names. */
export const ROUTER_FIELDS = ['_service', '_entities'] as const;

/**
 * Refuses a request as a whole, with HTTP 401, when it asks for a router's fields and its `Router-Authorization`
 * header is not the secret.
 */
export function guardSubgraph(isRouter: IsRouter): Plugin<{ call: GraphqlCall }> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const fields = partsOfOperation(args.document, args.operationName)?.fields;
      if (!ROUTER_FIELDS.some((name) => fields?.has(name))) return;
      const call = callOf(args.contextValue);
      const given = call.exchange.request.headers['router-authorization'];
      if (isRouter(given === undefined ? undefined : String(given))) return;
      const message =
        given === undefined
          ? '_entities and _service are for the router: expected its secret in the header Router-Authorization.'
          : 'The secret in the header Router-Authorization is not the one of this subgraph.';
      const extensions = { code: 'UNAUTHENTICATED', http: { status: 401 } };
      setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions })] });
    },
  };
}
