import {
  type GraphQLInputType,
  isInputType,
  isListType,
  isNonNullType,
  isScalarType,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromAST,
} from 'graphql';
import { schema } from '../../schema/schema.ts';
import { NotPlannable } from './selection.ts';

/** Variables by their names: as a client sent them, or as their declared types make them. */
export type Variables = Readonly<Record<string, unknown>>;

/** @returns undefined where GraphQL would refuse the variables */
export type CoerceVariables = (sent: Variables) => Variables | undefined;

/** @returns undefined for a value that is none of the type */
type Coerce = (value: unknown) => unknown;

/**
 * What graphql's `getVariableValues` does for these definitions, with every type and default value looked up once, and so
 * in a fifteenth of the time. See docs/decisions/019-a-fast-lane.md.
 *
 * @throws NotPlannable for types and directives that plans do not know
 * @see GraphQL specification, "CoerceVariableValues()"
 */
export function variablesCoercer(definitions: readonly VariableDefinitionNode[] = []): CoerceVariables {
  const declared = definitions.map(({ variable, type: typeNode, defaultValue, directives }) => {
    const name = variable.name.value;
    const type = typeFromAST(schema, typeNode);
    if (!isInputType(type) || directives?.length || name in {}) throw new NotPlannable('an odd variable');
    const coerce = coercerOf(type);
    // A variable without a value is left out, unless its type asks for one.
    return {
      name,
      coerce,
      isRequired: isNonNullType(type),
      otherwise: defaultValue && valueFromAST(defaultValue, type),
    };
  });

  return (sent) => {
    const coerced: Record<string, unknown> = {};
    for (const { name, coerce, isRequired, otherwise } of declared) {
      const isSent = Object.hasOwn(sent, name);
      const value = isSent ? coerce(sent[name]) : otherwise;
      if (value !== undefined) coerced[name] = value;
      else if (isSent || isRequired) return undefined;
    }
    return coerced;
  };
}

function coercerOf(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) {
    const coerce = coercerOf(type.ofType);
    return (value) => (value === null ? undefined : coerce(value));
  }
  if (isListType(type)) return listCoercer(coercerOf(type.ofType));
  if (!isScalarType(type)) throw new NotPlannable('a variable of another kind');
  return (value) => {
    if (value === null) return null;
    try {
      return type.parseValue(value);
    } catch {
      return undefined;
    }
  };
}

function listCoercer(coerce: Coerce): Coerce {
  return (value) => {
    if (value === null) return null;
    // GraphQL takes one value for a list of one.
    const values = Array.isArray(value) ? value.map(coerce) : [coerce(value)];
    return values.includes(undefined) ? undefined : values;
  };
}
