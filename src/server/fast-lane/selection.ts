import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

/** What a plan cannot do, and yoga can. */
export class NotPlannable extends Error {
  override readonly name = 'NotPlannable';
}

/** What the variables say by which selections are skipped or included. */
export type Switches = Readonly<Record<string, boolean>>;

/** Fields of one response key: their arguments are the same, as validation has seen to, and what they select is merged. */
export interface SelectedField {
  readonly name: string;
  readonly node: FieldNode;
  readonly selectionSets: readonly SelectionSetNode[];
}

/** The fields selected on an object of this type, by response key in the order of an answer. */
export type Select = (typeName: string, selectionSets: readonly SelectionSetNode[]) => SelectedFields;

export type SelectedFields = readonly (readonly [key: string, field: SelectedField])[];

/**
 * The fields selected on an object, by response key in the order of an answer; fragments are merged in.
 *
 * @throws NotPlannable for other directives than `@skip` and `@include`, and for fragments on anything but the type itself
 * @see GraphQL specification, "CollectFields()"
 */
export function selectedFields(
  document: DocumentNode,
  typeName: string,
  selectionSets: readonly SelectionSetNode[],
  switches: Switches,
): ReadonlyMap<string, SelectedField> {
  const fields = new Map<string, SelectedField>();

  function add(selection: SelectionNode): void {
    if (!isIncluded(selection, switches)) return;
    if (selection.kind === Kind.FIELD) {
      addField(selection);
      return;
    }
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentNamed(document, selection.name.value);
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

function isIncluded({ directives = [] }: SelectionNode, switches: Switches): boolean {
  return directives.every(({ name, arguments: given }) => {
    if (name.value !== 'skip' && name.value !== 'include') throw new NotPlannable('another directive');
    return isOn(given?.[0]?.value, switches) === (name.value === 'include');
  });
}

function isOn(value: ValueNode | undefined, switches: Switches): boolean {
  const given =
    value?.kind === Kind.VARIABLE ? switches[value.name.value] : value?.kind === Kind.BOOLEAN && value.value;
  if (given === undefined) throw new NotPlannable('a switch that is neither on nor off');
  return given;
}

function fragmentNamed(document: DocumentNode, name: string) {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.FRAGMENT_DEFINITION || definition.name.value !== name) continue;
    if (definition.directives?.length) throw new NotPlannable('a directive on a fragment');
    return definition;
  }
  throw new NotPlannable('an unknown fragment');
}
