import {
  type FieldNode,
  type GraphQLInputType,
  isInputType,
  isListType,
  isNonNullType,
  isScalarType,
  Kind,
  typeFromAST,
  type ValueNode,
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

/** Reads a value of one request; undefined where only yoga can say what it means. */
export type Read<Value> = (variables: Variables) => Value | undefined;

const TAG = /^[A-Za-z0-9_-]{1,64}$/;

/** An `ID!` or a `[ID!]!`, as the ids that it names. */
export function idsIn(field: FieldNode, name: string): Read<readonly string[]> {
  const value = valueGiven(field, name);
  if (value === undefined) throw new NotPlannable('a missing argument');
  if (value.kind === Kind.VARIABLE) {
    const variable = value.name.value;
    return name === 'id' ? (variables) => oneId(variables[variable]) : (variables) => idList(variables[variable]);
  }
  const ids = value.kind === Kind.LIST ? value.values.map(literalId) : [literalId(value)];
  return () => ids;
}

/** An industry tag, with all that means "all industries" as an empty text. */
export function tagIn(field: FieldNode): Read<string> {
  const value = valueGiven(field, 'industryTag');
  if (value === undefined || value.kind === Kind.NULL) return () => '';
  if (value.kind === Kind.STRING) {
    const tag = goodTag(value.value);
    return () => tag;
  }
  if (value.kind !== Kind.VARIABLE) throw new NotPlannable('an odd tag');
  const variable = value.name.value;
  return (variables) => {
    const given = variables[variable] ?? '';
    return typeof given === 'string' ? goodTag(given) : undefined;
  };
}

function goodTag(tag: string): string | undefined {
  return tag === '' || TAG.test(tag) ? tag : undefined;
}

/** Whether what is cached may be answered; anything else is yoga's. */
export function mayBeCached(field: FieldNode): Read<true> {
  const value = valueGiven(field, 'acceptCache');
  if (value === undefined) return () => true;
  if (value.kind === Kind.BOOLEAN && value.value) return () => true;
  if (value.kind !== Kind.VARIABLE) throw new NotPlannable('a forced read');
  const variable = value.name.value;
  return (variables) => {
    const given = variables[variable];
    return given === undefined || given === true ? true : undefined;
  };
}

function valueGiven(field: FieldNode, name: string): ValueNode | undefined {
  return field.arguments?.find((argument) => argument.name.value === name)?.value;
}

function literalId(value: ValueNode): string {
  if (value.kind === Kind.STRING || value.kind === Kind.INT) return value.value;
  throw new NotPlannable('an odd id');
}

/** A nullable variable with a default value may be null, which GraphQL then reports as an error of the field. */
function oneId(given: unknown): readonly string[] | undefined {
  return typeof given === 'string' ? [given] : undefined;
}

function idList(given: unknown): readonly string[] | undefined {
  return Array.isArray(given) ? given : undefined;
}
