import { GraphQLDeferDirective, memoize1 } from '@graphql-tools/utils';
import {
  type DirectiveNode,
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  visit,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from '../reply.ts';

const IN_PARTS = /\b(multipart\/(mixed|\*)|text\/(event-stream|\*))|\*\/\*/;

/**
 * Refuses `@defer` and `@stream` to a client that takes no answer in parts before anything runs. Yoga finds out when
 * the answer is there, and paid for.
 */
export function refuseUnwantedParts(): Plugin<{ call: GraphqlCall }> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const call = callOf(args.contextValue);
      if (IN_PARTS.test(call.exchange.request.headers.accept ?? '*/*') || !comesInParts(args)) return;
      const extensions = { code: 'BAD_REQUEST', http: { status: 406 } };
      setResultAndStopExecution({ errors: [new GraphQLError('Not acceptable in parts.', { extensions })] });
    },
  };
}

/** Whether a `@defer` or `@stream` is in force: one with `if: false` is none. */
function comesInParts({ schema, document, operationName, variableValues }: ExecutionArgs): boolean {
  const directives = incrementalDirectivesOf(document);
  if (directives.length === 0) return false;
  const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
  const { coerced = {} } = getVariableValues(schema, variableDefinitions, variableValues ?? {});
  return directives.some((node) => getArgumentValues(GraphQLDeferDirective, node, coerced)['if'] !== false);
}

/** Looked for once in each document: yoga remembers documents by their text. */
const incrementalDirectivesOf = memoize1((document: DocumentNode): readonly DirectiveNode[] => {
  const found: DirectiveNode[] = [];
  visit(document, {
    Directive(node) {
      if (node.name.value === 'defer' || node.name.value === 'stream') found.push(node);
    },
  });
  return found;
});
