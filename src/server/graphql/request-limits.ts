import {
  type FieldNode,
  type GraphQLError,
  type GraphQLObjectType,
  getArgumentValues,
  isObjectType,
  Kind,
} from 'graphql';
import { entityIdsOf, refuseForeignEntities } from '../../schema/entities.ts';
import { badUserInput } from '../../schema/errors.ts';
import { isIncluded, type Occurrence } from './document-analysis.ts';
import type { CheckedOperation, OperationCheck } from './operation-checks.ts';

/** About 50 ms of work on one thread, in which no other request is answered. */
const MAX_COST = 25_000;
/** A KOL with every score is 40 fields. */
const COST_PER_KOL = 50;
/** A list may repeat itself, up to this many times the limit on distinct KOLs. */
const MAX_REPEATS = 10;

/** How many fields an answer may have. @param maxKols so many KOLs with every score are never too much */
export function maxCostOf(maxKols: number): number {
  return Math.max(MAX_COST, maxKols * COST_PER_KOL);
}

/**
 * Refuses a request when its answer would have too many fields, in whatever way: lists are counted with the elements
 * that this request gives them, duplicates included.
 */
export function limitCost(maxKols: number): OperationCheck {
  const maxCost = maxCostOf(maxKols);
  return ({ operation, variables }) => {
    let cost = 0;
    for (const { occurrences, fieldsPerElement } of operation.roots) {
      const lengths = occurrences[0]?.node.arguments?.map((argument) => lengthOf(argument.value, variables)) ?? [];
      cost += fieldsPerElement * Math.max(1, ...lengths);
    }
    return cost <= maxCost
      ? undefined
      : badUserInput(`The answer would have ${cost} fields: expected at most ${maxCost}.`);
  };
}

/** How many elements an argument has; one where it is not a list. */
function lengthOf(
  value: NonNullable<FieldNode['arguments']>[number]['value'],
  variables: CheckedOperation['variables'],
) {
  if (value.kind === Kind.LIST) return value.values.length;
  const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
  return Array.isArray(given) ? given.length : 1;
}

/**
 * Xingtu's ids have 19 digits, more than a JSON number carries in JavaScript. Rounded, one names another KOL, and
 * GraphQL's ID would take it: the scores of another KOL would be bought, and answered.
 */
export const refuseRoundedIds: OperationCheck = ({ sentVariables }) => {
  for (const [name, value] of Object.entries(sentVariables)) {
    if ((Array.isArray(value) ? value : [value]).some(hasLostDigits)) {
      return badUserInput(
        `Variable "$${name}" holds a number beyond 2^53, which JSON rounds: expected ids as strings.`,
      );
    }
  }
  return undefined;
};

function hasLostDigits(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** What our root fields and `linkIndex` take, as GraphQL has coerced it. */
interface Arguments {
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly representations?: readonly unknown[];
  readonly industryTag?: string | null;
}

/**
 * Counts the KOLs, and the (KOL, industry) pairs, that a request names in whatever way: every pair may cost money.
 * Selections that are skipped name nothing.
 */
export function limitKols(maxKols: number): OperationCheck {
  return ({ schema, operation, variables }) => {
    const [queryType, kolType] = [schema.getQueryType(), schema.getType('Kol')];
    if (!queryType || !isObjectType(kolType)) return undefined;
    const ids = new Set<string>();
    const pairs = new Set<string>();
    for (const { occurrences, linkIndexes } of operation.roots) {
      const included = occurrences.find((occurrence) => isIncluded(occurrence, variables));
      const values = included && argumentsOf(queryType, included, variables);
      const refusal = refuseForeignEntities(values?.representations ?? []);
      if (refusal) return refusal;
      const named = idsNamedBy(values);
      if (named.length > maxKols * MAX_REPEATS) return tooLong(named.length, maxKols);
      const tags = new Set<string>();
      for (const linkIndex of linkIndexes) {
        if (isIncluded(linkIndex, variables)) tags.add(argumentsOf(kolType, linkIndex, variables)?.industryTag ?? '');
      }
      for (const id of named) {
        ids.add(id);
        for (const tag of tags) pairs.add(`${id}\n${tag}`);
        if (Math.max(ids.size, pairs.size) > maxKols)
          return tooMany(ids.size > maxKols ? 'KOLs' : 'pairs of KOL and industry', maxKols);
      }
    }
    return undefined;
  };
}

function tooLong(length: number, maxKols: number): GraphQLError {
  const most = maxKols * MAX_REPEATS;
  return badUserInput(`A list of ${length} KOL ids: expected at most ${most}, duplicates included.`);
}

function tooMany(what: string, maxKols: number): GraphQLError {
  return badUserInput(
    `The request names more than ${maxKols} distinct ${what}: expected at most ${maxKols} (MAX_KOLS_PER_REQUEST).`,
  );
}

/** Whichever field it is: `kol(id)`, `kols(ids)` or `_entities(representations)`. */
function idsNamedBy({ id, ids, representations }: Arguments = {}): readonly string[] {
  if (representations !== undefined) return entityIdsOf(representations);
  return ids ?? (id === undefined ? [] : [id]);
}

function argumentsOf(
  type: GraphQLObjectType,
  { node }: Occurrence,
  variables: CheckedOperation['variables'],
): Arguments | undefined {
  const field = type.getFields()[node.name.value];
  try {
    return field && getArgumentValues(field, node, variables);
  } catch {
    return undefined; // a null where the schema wants a value: the execution reports it, and reads nothing
  }
}
