import { GraphQLDeferDirective, GraphQLStreamDirective } from '@graphql-tools/utils';
import { type DirectiveNode, GraphQLError, getArgumentValues } from 'graphql';
import { badUserInput } from '../../schema/errors.ts';
import type { OperationCheck } from './operation-checks.ts';

const DIRECTIVES = new Map(
  [GraphQLDeferDirective, GraphQLStreamDirective].map((directive) => [directive.name, directive]),
);

/**
 * Refuses `@defer` and `@stream` with arguments that mean nothing, and to a client that takes no answer in parts. The
 * execution would find the former while it runs and take it for a fault of its own; yoga would find the latter when the
 * answer is there, and paid for.
 */
export const checkIncremental: OperationCheck = ({ operation, call, variables }) => {
  let isInForce = false;
  for (const node of operation.directives) {
    const directive = DIRECTIVES.get(node.name.value);
    if (!directive) continue;
    const values = argumentsOf(directive, node, variables);
    if (values instanceof GraphQLError) return values;
    if (values.if !== false) isInForce = true;
  }
  if (!isInForce || call.accepts.incremental !== undefined) return undefined;
  return new GraphQLError('Not acceptable in parts.', { extensions: { code: 'BAD_REQUEST', http: { status: 406 } } });
};

/** @returns the refusal of the request where an argument is no value that the directive takes */
function argumentsOf(
  directive: typeof GraphQLDeferDirective,
  node: DirectiveNode,
  variables: Record<string, unknown>,
): { if?: boolean } | GraphQLError {
  try {
    const values = getArgumentValues(directive, node, variables) as { if?: boolean; initialCount?: number | null };
    const { initialCount = 0 } = values;
    if (values.if === false || (initialCount !== null && initialCount >= 0)) return values;
    return refusal(`"initialCount" of @stream: expected an integer from 0, got ${initialCount}.`, node);
  } catch (error) {
    return refusal((error as Error).message, node);
  }
}

function refusal(message: string, node: DirectiveNode): GraphQLError {
  return new GraphQLError(message, { nodes: node, extensions: badUserInput(message).extensions });
}
