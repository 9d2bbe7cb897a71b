import { collectFields, collectSubFields, type FieldsAndPatches } from '@graphql-tools/utils';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  isObjectType,
  Kind,
} from 'graphql';
import { entityIdsOf, refuseForeignEntities } from './entities.ts';
import { badUserInput } from './errors.ts';

/** A list may repeat itself, up to this many times the limit on distinct KOLs. */
const MAX_REPEATS = 10;

export interface KolLimitRequest {
  readonly schema: GraphQLSchema;
  /** Already validated against `schema`. */
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  readonly maxKols: number;
}

/** What our fields take, as GraphQL has coerced it. */
interface Arguments {
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly representations?: readonly unknown[];
  readonly industryTag?: string | null;
}

/**
 * Counts the KOLs, and the (KOL, industry) pairs, that a request names in whatever way, before anything
 * runs: every pair may cost money. Selections that are skipped name nothing.
 *
 * @returns the refusal of the request as a whole, or undefined. Values that GraphQL itself will refuse are left to it.
 */
export function refuseTooManyKols({
  schema,
  document,
  operationName,
  variableValues,
  maxKols,
}: KolLimitRequest): GraphQLError | undefined {
  const operation = getOperationAST(document, operationName);
  const queryType = schema.getQueryType();
  if (!operation || !queryType) return undefined;
  const { coerced: variables } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (variables === undefined) return undefined;

  const fragments = fragmentsOf(document);
  const ids = new Set<string>();
  const pairs = new Set<string>();
  for (const nodes of fieldGroupsOf(collectFields(schema, fragments, variables, queryType, operation.selectionSet))) {
    const values = nodes[0] && argumentsOf(queryType, nodes[0], variables);
    const refusal = refuseForeignEntities(values?.representations ?? []);
    if (refusal) return refusal;
    const named = idsNamedBy(values);
    if (named.length > maxKols * MAX_REPEATS) {
      return badUserInput(
        `A list of ${named.length} KOL ids: expected at most ${maxKols * MAX_REPEATS}, duplicates included.`,
      );
    }
    const tags = industryTagsUnder(nodes);
    for (const id of named) {
      ids.add(id);
      for (const tag of tags) pairs.add(`${id}\n${tag}`);
      if (Math.max(ids.size, pairs.size) > maxKols) {
        return badUserInput(
          `The request names more than ${maxKols} distinct ${ids.size > maxKols ? 'KOLs' : 'pairs of KOL and industry'}: expected at most ${maxKols} (MAX_KOLS_PER_REQUEST).`,
        );
      }
    }
  }
  return undefined;

  function industryTagsUnder(nodes: FieldNode[]): Set<string> {
    const tags = new Set<string>();
    const kolType = schema.getType('Kol');
    if (!isObjectType(kolType)) return tags;
    for (const [node] of fieldGroupsOf(collectSubFields(schema, fragments, variables ?? {}, kolType, nodes))) {
      if (node?.name.value === 'linkIndex') tags.add(argumentsOf(kolType, node, variables ?? {})?.industryTag ?? '');
    }
    return tags;
  }
}

/** The fields of a selection by response key, deferred ones included. */
function fieldGroupsOf({ fields, patches }: FieldsAndPatches): FieldNode[][] {
  return [...fields.values(), ...patches.flatMap((patch) => [...patch.fields.values()])];
}

/** Whichever field it is: `kol(id)`, `kols(ids)` or `_entities(representations)`. */
function idsNamedBy({ id, ids, representations }: Arguments = {}): readonly string[] {
  if (representations !== undefined) return entityIdsOf(representations);
  return ids ?? (id === undefined ? [] : [id]);
}

function argumentsOf(
  type: GraphQLObjectType,
  node: FieldNode,
  variables: Record<string, unknown>,
): Arguments | undefined {
  const field = type.getFields()[node.name.value];
  try {
    return field && getArgumentValues(field, node, variables);
  } catch {
    return undefined; // a null where the schema wants a value: execution says so, and asks nobody
  }
}

function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}
