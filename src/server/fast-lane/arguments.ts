import { type FieldNode, Kind, type ValueNode } from 'graphql';
import { NotPlannable } from './selection.ts';
import type { Variables } from './variables.ts';

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
