import { collectFields, collectSubFields, type FieldsAndPatches } from '@graphql-tools/utils';
import fc from 'fast-check';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  parse,
  validate,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../../src/schema/schema.ts';
import { analyseOperation } from '../../../src/server/graphql/document-analysis.ts';
import { limitKols } from '../../../src/server/graphql/request-limits.ts';
import { type Operation, operations } from '../fast-lane/operations.ts';

type Variables = Record<string, unknown>;

const queryType = schema.getQueryType() as GraphQLObjectType;
const kolType = schema.getType('Kol') as GraphQLObjectType;

/** What GraphQL runs; undefined where it refuses the request. */
function runnable({ query, variables: sent, operationName }: Operation) {
  try {
    const document = parse(query);
    const name = typeof operationName === 'string' ? operationName : undefined;
    const operation = getOperationAST(document, name);
    if (validate(schema, document).length > 0 || operation?.operation !== 'query') return undefined;
    const sentVariables = JSON.parse(JSON.stringify(sent ?? {})) as Variables;
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], sentVariables);
    return coerced && { document, name, operation, sentVariables, variables: coerced };
  } catch {
    return undefined;
  }
}

/** How many distinct KOLs, pairs of KOL and industry, and tenths of a list an execution would read, as graphql-tools collects fields. */
function countByExecution(document: DocumentNode, name: string | undefined, variables: Variables): number {
  const fragments = Object.fromEntries(
    document.definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => [each.name.value, each]),
  );
  const operation = getOperationAST(document, name);
  /** Where a condition is null, the execution fails and reads nothing. */
  const collect = (fieldsOf: () => FieldsAndPatches): FieldNode[][] => {
    try {
      const { fields, patches } = fieldsOf();
      return [...fields.values(), ...patches.flatMap((patch) => [...patch.fields.values()])];
    } catch {
      return [];
    }
  };
  const argumentsOf = (type: GraphQLObjectType, node: FieldNode): Variables => {
    try {
      return getArgumentValues(type.getFields()[node.name.value] as never, node, variables);
    } catch {
      return {};
    }
  };
  const ids = new Set<string>();
  const pairs = new Set<string>();
  let tenths = 0;
  const roots = collect(() => collectFields(schema, fragments, variables, queryType, operation?.selectionSet as never));
  for (const nodes of roots) {
    const { id, ids: list } = argumentsOf(queryType, nodes[0] as FieldNode) as { id?: string; ids?: string[] };
    const isKol = nodes[0]?.name.value.startsWith('kol') ?? false;
    const below = isKol ? collect(() => collectSubFields(schema, fragments, variables, kolType, nodes)) : [];
    const reads = below.filter(([node]) => node?.name.value === 'linkIndex');
    const tags = new Set(reads.map(([node]) => argumentsOf(kolType, node as FieldNode)['industryTag'] ?? ''));
    tenths = Math.max(tenths, Math.ceil((list?.length ?? 0) / 10));
    for (const kol of list ?? (id === undefined ? [] : [id])) {
      ids.add(kol);
      for (const tag of tags) pairs.add(`${kol}\n${tag}`);
    }
  }
  return Math.max(ids.size, pairs.size, tenths);
}

/** Spreads a fragment under conditions, which the other generator does rarely. */
const conditional = fc
  .tuple(
    fc.subarray(['...F', '...F @include(if: $b)', '...F @skip(if: $off)', '... @skip(if: $b) { ...F }']),
    fc.boolean(),
  )
  .map(([spreads, b]): Operation => {
    const query = `query($b: Boolean!, $off: Boolean!) { __typename ${spreads.join(' ')} } fragment F on Query { kols(ids: ["1", "2", "3"]) { id } }`;
    return {
      query,
      variables: { b, off: !b },
      operationName: undefined,
      otherwise: { variables: {}, operationName: undefined },
    };
  });

test('a request is refused where an execution would read more than the limit, and nowhere else', () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.oneof(operations, conditional), fc.integer({ min: 1, max: 3 }), (asked, maxKols) => {
      const request = runnable(asked);
      if (!request) return;
      const { document, name, sentVariables, variables } = request;
      const operation = analyseOperation(document, name);
      if (!operation) return;
      compared += 1;
      const refusal = limitKols(maxKols)({ schema, operation, sentVariables, variables, call: undefined as never });
      expect(refusal !== undefined).toBe(countByExecution(document, name, variables) > maxKols);
    }),
    { numRuns: 2000 },
  );
  expect(compared).toBeGreaterThan(500);
});
