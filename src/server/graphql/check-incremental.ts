import { GraphQLDeferDirective, GraphQLStreamDirective } from '@graphql-tools/utils';
import {
  type DirectiveNode,
  type ExecutionArgs,
  GraphQLError,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { badUserInput } from '../../schema/errors.ts';
import { callOf, type GraphqlCall } from '../http/reply.ts';
import { partsOfOperation } from './operation-parts.ts';

const INCREMENTAL = new Map(
  [GraphQLDeferDirective, GraphQLStreamDirective].map((directive) => [directive.name, directive]),
);

/**
 * Refuses, before anything runs, `@defer` and `@stream` with arguments that mean nothing, and to a client that takes no
 * answer in parts. The execution would find the former while it runs and take it for a fault of its own; yoga would find
 * the latter when the answer is there, and paid for.
 */
export function checkIncremental(): Plugin<{ call: GraphqlCall }> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = refuseIncremental(args);
      if (refusal) setResultAndStopExecution({ errors: [refusal] });
    },
  };
}

function refuseIncremental({ schema, document, operationName, variableValues, contextValue }: ExecutionArgs) {
  const nodes = partsOfOperation(document, operationName)?.directives.filter(({ name }) => INCREMENTAL.has(name.value));
  if (!nodes?.length) return undefined;
  const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
  const { coerced } = getVariableValues(schema, variableDefinitions, variableValues ?? {});
  if (coerced === undefined) return undefined; // the execution says which variable is not as declared
  let isInForce = false;
  for (const node of nodes) {
    const values = argumentsOf(node, coerced);
    if (values instanceof GraphQLError) return values;
    if (values.if !== false) isInForce = true;
  }
  return isInForce && callOf(contextValue).accepts.incremental === undefined ? notAcceptable() : undefined;
}

/** @returns the refusal of the request where an argument is no value that the directive takes */
function argumentsOf(node: DirectiveNode, variables: Record<string, unknown>): { if?: boolean } | GraphQLError {
  const directive = INCREMENTAL.get(node.name.value) ?? GraphQLDeferDirective;
  try {
    const values = getArgumentValues(directive, node, variables) as { if?: boolean; initialCount?: number | null };
    const { initialCount = 0 } = values;
    if (values.if === false || (initialCount !== null && initialCount >= 0)) return values;
    return badRequestArgument(`"initialCount" of @stream: expected an integer from 0, got ${initialCount}.`, node);
  } catch (error) {
    return badRequestArgument((error as Error).message, node);
  }
}

function badRequestArgument(message: string, node: DirectiveNode): GraphQLError {
  const { extensions } = badUserInput(message);
  return new GraphQLError(message, { nodes: node, extensions: { ...extensions, http: { status: 400, spec: true } } });
}

function notAcceptable(): GraphQLError {
  return new GraphQLError('Not acceptable in parts.', { extensions: { code: 'BAD_REQUEST', http: { status: 406 } } });
}
