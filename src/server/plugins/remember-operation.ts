import type { Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from '../reply.ts';

/** What was asked, for whoever tells of the call when it has been answered. */
export function rememberOperation(): Plugin<{ call: GraphqlCall }> {
  return {
    onParams({ params, context }) {
      callOf(context).operation = { name: params.operationName ?? undefined, query: params.query };
    },
  };
}
