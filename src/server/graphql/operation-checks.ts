import { GraphQLError, type GraphQLSchema, getVariableValues } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { IsRouter } from '../clients/secrets.ts';
import { callOf, type GraphqlCall } from './call.ts';
import { analyseOperation, type OperationAnalysis } from './document-analysis.ts';

/** The operation that a request runs, and what it runs with. */
export interface CheckedOperation {
  readonly schema: GraphQLSchema;
  readonly operation: OperationAnalysis;
  readonly call: GraphqlCall;
  /** As the client sent them. */
  readonly sentVariables: Readonly<Record<string, unknown>>;
  /** Coerced by their declared types. */
  readonly variables: Record<string, unknown>;
}

/** @returns the refusal of the request as a whole, with HTTP 400 unless it names another status */
export type OperationCheck = (checked: CheckedOperation) => GraphQLError | undefined;

/** What only a router asks for: the SDL to compose, and entities to join. No other type has fields of these names. */
export const ROUTER_FIELDS = ['_service', '_entities'] as const;
/** The fields by which a client reads the schema. */
export const INTROSPECTION_FIELDS = ['__schema', '__type'] as const;

/**
 * Checks each operation before anything runs, in the order of the checks. Variables that are not as declared are left to
 * GraphQL, which refuses them.
 */
export function checkOperations(checks: readonly OperationCheck[]): Plugin<{ call: GraphqlCall }> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const { schema, document, operationName, contextValue } = args;
      const operation = analyseOperation(document, operationName);
      if (!operation) return;
      const sentVariables = args.variableValues ?? {};
      const { coerced } = getVariableValues(schema, operation.node.variableDefinitions ?? [], sentVariables);
      if (!coerced) return;
      const checked = { schema, operation, call: callOf(contextValue), sentVariables, variables: coerced };
      for (const check of checks) {
        const refusal = check(checked);
        if (!refusal) continue;
        refusal.extensions['http'] ??= { status: 400, spec: true };
        return setResultAndStopExecution({ errors: [refusal] });
      }
    },
  };
}

/** Fields of a router need its secret in the header `Router-Authorization`. */
export function requireRouterSecret(isRouter: IsRouter): OperationCheck {
  return ({ operation, call }) => {
    if (!ROUTER_FIELDS.some((name) => operation.fields.has(name))) return undefined;
    const given = call.exchange.request.headers['router-authorization'];
    if (isRouter(given === undefined ? undefined : String(given))) return undefined;
    const message =
      given === undefined
        ? '_entities and _service are for the router: expected its secret in the header Router-Authorization.'
        : 'The secret in the header Router-Authorization is not the one of this subgraph.';
    return new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });
  };
}

/**
 * `__schema` and `__type` are refused to clients that may not read the schema; `__typename` stays. GraphQL's own rule
 * (`NoSchemaIntrospectionCustomRule`) refuses every operation of the document; this one has its code and words.
 */
export function forbidIntrospection(mayIntrospect: (call: GraphqlCall) => boolean): OperationCheck {
  return ({ operation, call }) => {
    const name = INTROSPECTION_FIELDS.find((each) => operation.fields.has(each));
    if (name === undefined || mayIntrospect(call)) return undefined;
    return new GraphQLError(
      `GraphQL introspection has been disabled, but the requested query contained the field "${name}".`,
      { nodes: operation.fields.get(name) ?? null, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    );
  };
}
