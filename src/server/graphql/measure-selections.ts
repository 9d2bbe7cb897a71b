import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { overLimit } from './over-limit.ts';

/** GraphiQL's introspection has 18 levels, the deepest of our own queries 4, and its fragments as many again. */
const MAX_DEPTH = 24;
/** 50 KOLs by alias with every score are 2,000. */
const MAX_FIELDS = 10_000;
/** GraphQL compares selections of one name, and fragments side by side, each with each; a pair takes it up to 7 µs. */
const MAX_PAIRS = 5000;
/** A part that comes later takes as long as so many fields. */
const FIELDS_PER_PART = 5;

/** A field of an operation, and how many fields every element of its answer brings. */
export interface RootField {
  readonly node: FieldNode;
  readonly fieldsPerElement: number;
}

/** A selection set where it stands: how deep, and in which fragments. */
interface Place {
  readonly selectionSet: SelectionSetNode;
  readonly depth: number;
  readonly within: ReadonlySet<string>;
}

/** What answers under one name, however often it is selected. */
interface Group {
  readonly node: FieldNode;
  readonly places: Place[];
  count: number;
  isStreamed: boolean;
}

/**
 * Walks through every selection as an execution would, fragments spread and fields of one name merged.
 * @throws GraphQLError as soon as a limit is passed, so that it takes no longer than the limits allow
 */
export function measureSelections(document: DocumentNode): Map<OperationDefinitionNode, readonly RootField[]> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const roots = new Map<OperationDefinitionNode, readonly RootField[]>();
  let fields = 0;
  let pairs = 0;

  function measure(places: readonly Place[]): { readonly rootFields: RootField[]; readonly fieldCount: number } {
    const groups = new Map<string, Group>();
    const spread = new Set<string>();
    let deferred = 0;

    function collect({ selectionSet, depth, within }: Place): void {
      if (depth > MAX_DEPTH) throw overLimit(`Selections of depth ${depth}, fragments included`, MAX_DEPTH);
      for (const selection of selectionSet.selections) {
        fields += 1;
        if (fields > MAX_FIELDS) throw overLimit(`${fields} fields or more, with fragments spread out`, MAX_FIELDS);
        if (selection.kind === Kind.FIELD) {
          addField(selection, { depth: depth + 1, within });
          continue;
        }
        if (comesInParts(selection)) deferred += 1;
        if (selection.kind === Kind.INLINE_FRAGMENT) {
          collect({ selectionSet: selection.selectionSet, depth: depth + 1, within });
          continue;
        }
        const name = selection.name.value;
        if (within.has(name)) throw circular(name);
        compare(spread.size);
        const fragment = fragments.get(name);
        if (!fragment || spread.has(name)) continue;
        spread.add(name);
        collect({ selectionSet: fragment.selectionSet, depth: depth + 1, within: new Set(within).add(name) });
      }
    }

    function addField(node: FieldNode, inside: Omit<Place, 'selectionSet'>): void {
      const name = (node.alias ?? node.name).value;
      const group = groups.get(name) ?? { node, places: [], count: 0, isStreamed: false };
      groups.set(name, group);
      compare(group.count);
      group.count += 1;
      if (comesInParts(node)) group.isStreamed = true;
      if (node.selectionSet) group.places.push({ selectionSet: node.selectionSet, ...inside });
    }

    for (const place of places) collect(place);
    const rootFields = [...groups.values()].map(({ node, places, isStreamed }) => ({
      node,
      fieldsPerElement: 1 + (isStreamed ? FIELDS_PER_PART : 0) + measure(places).fieldCount,
    }));
    const fieldCount = rootFields.reduce((sum, each) => sum + each.fieldsPerElement, deferred * FIELDS_PER_PART);
    return { rootFields, fieldCount };
  }

  function compare(others: number): void {
    pairs += others;
    if (pairs > MAX_PAIRS) {
      throw overLimit(`${pairs} pairs or more of selections that have one name at one place`, MAX_PAIRS);
    }
  }

  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const isFragment = definition.kind === Kind.FRAGMENT_DEFINITION;
    const within = new Set(isFragment ? [definition.name.value] : []);
    // A fragment by itself too: GraphQL compares within it even where nobody spreads it.
    const { rootFields } = measure([{ selectionSet: definition.selectionSet, depth: 1, within }]);
    if (!isFragment) roots.set(definition, rootFields);
  }
  return roots;
}

function comesInParts({ directives = [] }: SelectionNode): boolean {
  return directives.some(({ name }) => name.value === 'defer' || name.value === 'stream');
}

/** In the words of GraphQL's own rule, which comes too late to keep this one from going round for ever. */
function circular(name: string): GraphQLError {
  return new GraphQLError(`Cannot spread fragment "${name}" within itself.`, {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
}
