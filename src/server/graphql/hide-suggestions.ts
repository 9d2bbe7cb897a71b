import type { GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from '../http/reply.ts';
import { copyError } from './copy-error.ts';

/** How GraphQL ends the message about a name that it does not know. */
const SUGGESTION = / Did you mean .*$/s;

/**
 * Takes the names of the schema out of error messages for who may not introspect it. It is done to copies, since yoga
 * remembers the errors of a document and gives them to others too.
 */
export function hideSuggestions(mayIntrospect: (call: GraphqlCall) => boolean): Plugin<{ call: GraphqlCall }> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      if (isAsyncIterable(result) || Array.isArray(result) || !result.errors) return;
      if (!result.errors.some(({ message }) => SUGGESTION.test(message))) return;
      const call = callOf(serverContext);
      if (!mayIntrospect(call)) setResult({ ...result, errors: result.errors.map(withoutSuggestion) });
    },
  };
}

function withoutSuggestion(error: GraphQLError): GraphQLError {
  return copyError(error, { message: error.message.replace(SUGGESTION, '') });
}
