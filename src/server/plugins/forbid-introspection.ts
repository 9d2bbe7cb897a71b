import { NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from '../reply.ts';

/** `__schema` and `__type` are validation errors to clients without the scope `introspect`; `__typename` stays. */
export function forbidIntrospection(introspection: boolean): Plugin<{ call: GraphqlCall }> {
  return {
    onValidate({ context, addValidationRule }) {
      const { client } = callOf(context);
      if (!introspection || !client.scopes.has('introspect')) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
}
