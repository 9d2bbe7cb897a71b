import { type DocumentNode, type FieldNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';

/** What a plan cannot do, and yoga can. */
export class NotPlannable extends Error {
  override readonly name = 'NotPlannable';
}

/** Fields of one response key: their arguments are the same, as validation has seen to, and what they select is merged. */
export interface SelectedField {
  readonly name: string;
  readonly node: FieldNode;
  readonly selectionSets: readonly SelectionSetNode[];
}

/**
 * The fields selected on an object, by response key in the order of an answer; fragments are merged in.
 *
 * @throws NotPlannable for directives, and for fragments on anything but the type itself
 * @see GraphQL specification, "CollectFields()"
 */
export function selectedFields(
  document: DocumentNode,
  typeName: string,
  selectionSets: readonly SelectionSetNode[],
): ReadonlyMap<string, SelectedField> {
  const fields = new Map<string, SelectedField>();

  function add(selection: SelectionNode): void {
    if (selection.directives?.length) throw new NotPlannable('a directive');
    if (selection.kind === Kind.FIELD) {
      addField(selection);
      return;
    }
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentNamed(document, selection.name.value);
    if (fragment.directives?.length) throw new NotPlannable('a directive');
    if (fragment.typeCondition && fragment.typeCondition.name.value !== typeName)
      throw new NotPlannable('another type');
    fragment.selectionSet.selections.forEach(add);
  }

  function addField(node: FieldNode): void {
    const key = node.alias?.value ?? node.name.value;
    const before = fields.get(key);
    const own = node.selectionSet ? [node.selectionSet] : [];
    fields.set(key, { name: node.name.value, node, selectionSets: [...(before?.selectionSets ?? []), ...own] });
  }

  for (const { selections } of selectionSets) selections.forEach(add);
  return fields;
}

function fragmentNamed(document: DocumentNode, name: string) {
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) return definition;
  }
  throw new NotPlannable('an unknown fragment');
}
