import { memoize1 } from '@graphql-tools/utils';
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { validationError } from './errors.ts';

/** 50 KOLs by alias, and as many again for what is asked of them. */
const MAX_ALIASES = 100;
const MAX_DIRECTIVES = 50;
/** `@skip`, `@include`, and `@defer` or `@stream`; the same one twice is an error in itself. */
const MAX_DIRECTIVES_AT_ONE_PLACE = 4;
/** GraphiQL's introspection has 18 levels, the deepest of our own queries 4, and its fragments as many again. */
const MAX_DEPTH = 24;
/** 50 KOLs by alias with every score are 2,000. */
const MAX_FIELDS = 10_000;
/** GraphQL compares selections of one name, and fragments side by side, each with each; a pair takes up to 7 µs. */
const MAX_PAIRS = 5000;
/** An incremental part of an answer takes as long as so many fields. */
const FIELDS_PER_PART = 5;

/** Everything that the limits and checks of requests need to know of a document. */
export type DocumentAnalysis =
  | { readonly refusal: GraphQLError }
  | { readonly refusal: undefined; readonly operations: ReadonlyMap<OperationDefinitionNode, OperationAnalysis> };

/** What one operation asks for, with the fragments that it spreads. */
export interface OperationAnalysis {
  readonly node: OperationDefinitionNode;
  /** The root fields by response key. */
  readonly roots: readonly RootField[];
  /** Each name of a field, with one of its nodes. */
  readonly fields: ReadonlyMap<string, FieldNode>;
  readonly directives: ReadonlySet<DirectiveNode>;
}

export interface RootField {
  /** More than one where the response key is selected several times; their arguments are the same. */
  readonly occurrences: readonly Occurrence[];
  /** How many fields each element of its answer has. */
  readonly fieldsPerElement: number;
  /** The `linkIndex` fields below it. */
  readonly linkIndexes: readonly Occurrence[];
}

/** A field where it is selected. */
export interface Occurrence {
  readonly node: FieldNode;
  /** The `@skip` and `@include` of the field and of all selections around it. */
  readonly conditions: readonly DirectiveNode[];
}

/**
 * Analyses a document before GraphQL's own rules check it, some of which take a time that grows with the square of what
 * is counted here. Once for each document: yoga remembers documents by their text.
 */
export const analyseDocument = memoize1((document: DocumentNode): DocumentAnalysis => {
  try {
    limitNodes(document);
    return { refusal: undefined, operations: analyseOperations(document) };
  } catch (error) {
    if (error instanceof GraphQLError) return { refusal: error };
    throw error;
  }
});

/** @returns undefined where the document is refused or has no such operation */
export function analyseOperation(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationAnalysis | undefined {
  const analysis = analyseDocument(document);
  const node = getOperationAST(document, operationName);
  return analysis.refusal || !node ? undefined : analysis.operations.get(node);
}

/** Whether all `@skip` and `@include` around a selection leave it in. @param variables coerced */
export function isIncluded({ conditions }: Occurrence, variables: Readonly<Record<string, unknown>>): boolean {
  return conditions.every(({ name, arguments: given = [] }) => {
    const value = given[0]?.value;
    const isOn =
      value?.kind === Kind.VARIABLE ? variables[value.name.value] : value?.kind === Kind.BOOLEAN && value.value;
    return isOn === (name.value === 'include');
  });
}

/** @throws GraphQLError for more than the limit */
function limitNodes(document: DocumentNode): void {
  let aliases = 0;
  let directives = 0;
  visit(document, {
    enter(node) {
      if (node.kind === Kind.FIELD && node.alias) aliases += 1;
      const here = 'directives' in node ? (node.directives?.length ?? 0) : 0;
      directives += here;
      if (here > MAX_DIRECTIVES_AT_ONE_PLACE) {
        throw overLimit(`${here} directives at one place`, MAX_DIRECTIVES_AT_ONE_PLACE, node);
      }
    },
  });
  if (aliases > MAX_ALIASES) throw overLimit(`${aliases} aliases`, MAX_ALIASES);
  if (directives > MAX_DIRECTIVES) throw overLimit(`${directives} directives`, MAX_DIRECTIVES);
}

/** A selection set where it stands. */
interface Place {
  readonly selectionSet: SelectionSetNode;
  readonly depth: number;
  /** The fragments around it. */
  readonly within: ReadonlySet<string>;
  readonly conditions: readonly DirectiveNode[];
}

/** What answers under one response key, however often it is selected. */
interface Group {
  readonly occurrences: Occurrence[];
  readonly places: Place[];
  isStreamed: boolean;
}

/**
 * Walks through every selection as an execution would: fragments are spread, and fields of one response key merged.
 * @throws GraphQLError as soon as a limit is passed, so that it takes no longer than the limits allow
 */
function analyseOperations(document: DocumentNode): Map<OperationDefinitionNode, OperationAnalysis> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  let fields = new Map<string, FieldNode>();
  let directives = new Set<DirectiveNode>();
  let fieldCount = 0;
  let pairCount = 0;

  function analyse(places: readonly Place[]): {
    readonly groups: readonly MeasuredGroup[];
    readonly fieldCount: number;
  } {
    const groups = new Map<string, Group>();
    const spread = new Set<string>();
    let deferred = 0;

    function collect({ selectionSet, depth, within, conditions: around }: Place): void {
      if (depth > MAX_DEPTH) throw overLimit(`Selections of depth ${depth}, fragments included`, MAX_DEPTH);
      for (const selection of selectionSet.selections) {
        fieldCount += 1;
        if (fieldCount > MAX_FIELDS)
          throw overLimit(`${fieldCount} fields or more, with fragments spread out`, MAX_FIELDS);
        const own = selection.directives ?? [];
        for (const directive of own) directives.add(directive);
        const conditions = own.length === 0 ? around : [...around, ...own.filter(isCondition)];
        const inside = { depth: depth + 1, within, conditions };
        if (selection.kind === Kind.FIELD) {
          addField(selection, inside);
          continue;
        }
        if (isIncremental(selection)) deferred += 1;
        if (selection.kind === Kind.INLINE_FRAGMENT) {
          collect({ ...inside, selectionSet: selection.selectionSet });
          continue;
        }
        const name = selection.name.value;
        if (within.has(name)) throw circular(name);
        compareWith(spread.size);
        const fragment = fragments.get(name);
        if (!fragment || spread.has(name)) continue;
        // One that may be skipped here may be included where it is spread next.
        if (conditions.length === around.length) spread.add(name);
        collect({ ...inside, selectionSet: fragment.selectionSet, within: new Set(within).add(name) });
      }
    }

    function addField(node: FieldNode, inside: Omit<Place, 'selectionSet'>): void {
      const key = (node.alias ?? node.name).value;
      const group = groups.get(key) ?? { occurrences: [], places: [], isStreamed: false };
      groups.set(key, group);
      compareWith(group.occurrences.length);
      group.occurrences.push({ node, conditions: inside.conditions });
      fields.set(node.name.value, node);
      if (isIncremental(node)) group.isStreamed = true;
      if (node.selectionSet) group.places.push({ ...inside, selectionSet: node.selectionSet });
    }

    for (const place of places) collect(place);
    const measured = [...groups.values()].map(({ occurrences, places: below, isStreamed }) => {
      const selected = analyse(below);
      const fieldsPerElement = 1 + (isStreamed ? FIELDS_PER_PART : 0) + selected.fieldCount;
      return { occurrences, fieldsPerElement, below: selected.groups };
    });
    return {
      groups: measured,
      fieldCount: measured.reduce((sum, group) => sum + group.fieldsPerElement, deferred * FIELDS_PER_PART),
    };
  }

  function compareWith(others: number): void {
    pairCount += others;
    if (pairCount <= MAX_PAIRS) return;
    throw overLimit(`${pairCount} pairs or more of selections that have one name at one place`, MAX_PAIRS);
  }

  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const operations = new Map<OperationDefinitionNode, OperationAnalysis>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const isFragment = definition.kind === Kind.FRAGMENT_DEFINITION;
    const within = new Set(isFragment ? [definition.name.value] : []);
    [fields, directives] = [new Map(), new Set(definition.directives)];
    // A fragment by itself too: GraphQL compares within it even where it is spread nowhere.
    const { groups } = analyse([{ selectionSet: definition.selectionSet, depth: 1, within, conditions: [] }]);
    if (!isFragment)
      operations.set(definition, { node: definition, roots: groups.map(toRootField), fields, directives });
  }
  return operations;
}

interface MeasuredGroup extends Pick<RootField, 'occurrences' | 'fieldsPerElement'> {
  readonly below: readonly MeasuredGroup[];
}

function toRootField({ occurrences, fieldsPerElement, below }: MeasuredGroup): RootField {
  const linkIndexes = below.flatMap((group) => group.occurrences).filter(({ node }) => node.name.value === 'linkIndex');
  return { occurrences, fieldsPerElement, linkIndexes };
}

function isCondition({ name }: DirectiveNode): boolean {
  return name.value === 'skip' || name.value === 'include';
}

function isIncremental({ directives = [] }: SelectionNode): boolean {
  return directives.some(({ name }) => name.value === 'defer' || name.value === 'stream');
}

/** A document that asks for more than any of ours needs to. */
function overLimit(what: string, most: number, node?: Parameters<typeof validationError>[1]): GraphQLError {
  return validationError(`${what}: expected at most ${most}.`, node);
}

/** In the words of GraphQL's own rule, which comes too late to end this walk. */
function circular(name: string): GraphQLError {
  return validationError(`Cannot spread fragment "${name}" within itself.`);
}
