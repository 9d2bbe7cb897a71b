import type { Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from '../http/reply.ts';

/** What was asked, for the log and for the fast lane, when it has been answered. */
export function rememberOperation(): Plugin<{ call: GraphqlCall }> {
  return {
    onParams({ params, context }) {
      callOf(context).operation = { name: params.operationName ?? undefined, query: params.query };
    },
    onExecute({ args }) {
      callOf(args.contextValue).document = args.document;
    },
  };
}
