import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from '../http/reply.ts';

/**
 * Makes the operation a step of the request's trace, which the handler ends. Its document is left out, for arguments may
 * be written into it.
 *
 * @see OpenTelemetry semantic conventions, "GraphQL server": the name is the client's, and therefore no name of a span
 */
export function traceOperations(): Plugin<{ call: GraphqlCall }> {
  return {
    onExecute({ args: { document, operationName, contextValue } }) {
      const { account, span } = callOf(contextValue);
      const operation = getOperationAST(document, operationName);
      const type = operation?.operation;
      account.span = span?.child(type ?? 'GraphQL Operation', {
        'graphql.operation.type': type,
        'graphql.operation.name': operation?.name?.value,
      });
    },
  };
}
