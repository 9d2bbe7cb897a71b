import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from '../http/reply.ts';
import { partsOfOperation } from './operation-parts.ts';

/** The fields by which a client reads the schema. */
export const INTROSPECTION_FIELDS = ['__schema', '__type'] as const;

/**
 * Refuses operations that read the schema to clients that may not; `__typename` stays. GraphQL's own rule
 * (`NoSchemaIntrospectionCustomRule`) refuses every operation of the document. This one has its code and words.
 */
export function forbidIntrospection(mayIntrospect: (call: GraphqlCall) => boolean): Plugin<{ call: GraphqlCall }> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const fields = partsOfOperation(args.document, args.operationName)?.fields;
      const node = INTROSPECTION_FIELDS.map((name) => fields?.get(name)).find((found) => found !== undefined);
      if (node === undefined || mayIntrospect(callOf(args.contextValue))) return;
      const message = `GraphQL introspection has been disabled, but the requested query contained the field "${node.name.value}".`;
      const extensions = { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400, spec: true } };
      setResultAndStopExecution({ errors: [new GraphQLError(message, { nodes: node, extensions })] });
    },
  };
}
