import { type DocumentNode, type FieldNode, Kind, type OperationDefinitionNode, type ValueNode } from 'graphql';
import { unescapedBytes } from '../graphql/documents.ts';
import { idsIn } from './arguments.ts';
import type { Hits } from './hits.ts';
import { kolPart } from './kol-part.ts';
import { type Members, objectOf } from './render.ts';
import { NotPlannable, type Select, type SelectedField, type Switches, selectedFields } from './selection.ts';
import type { Variables } from './variables.ts';

/** How one operation is answered from memory, without a resolver or a walk through its document. */
export interface Plan {
  /** The whole body of the answer; undefined where anything is not in memory, not fresh, or not as it should be. */
  readonly answer: (variables: Variables, hits: Hits) => string | undefined;
  /** What it takes in memory, rounded up. */
  readonly bytes: number;
}

/** JSON text of a part of the answer; undefined where the plan cannot give it. */
type Part = (variables: Variables, hits: Hits) => string | undefined;

/** Of a plan besides its fields. */
const PLAN_BYTES = 1000;
/** Of each field: its functions and what is in scope for them. */
const FIELD_BYTES = 450;
/** Of each value that is written into the document. */
const LITERAL_BYTES = 50;

/**
 * A plan for an operation that yoga has answered, so that it is valid and within every limit on documents.
 *
 * @param switches what its `@skip` and `@include` go by; another case is another plan
 * @throws NotPlannable for what plans cannot do: other directives, entities, introspection
 */
export function planOf(document: DocumentNode, operation: OperationDefinitionNode, switches: Switches): Plan {
  let bytes = PLAN_BYTES;
  const select: Select = (type, selectionSets) => {
    const fields = [...selectedFields(document, type, selectionSets, switches)];
    for (const [key, { node }] of fields) bytes += FIELD_BYTES + key.length + argumentBytes(node);
    return fields;
  };
  const fields = select('Query', [operation.selectionSet]);
  const answer = answerOf(objectOf<Part>(fields.map(([key, field]) => [key, rootPart(select, field)])));
  return { answer, bytes };
}

function argumentBytes({ arguments: given = [] }: FieldNode): number {
  return given.reduce((sum, { value }) => sum + literalBytes(value), 0);
}

/** What a value that is written into a document takes besides the document. */
export function literalBytes(value: ValueNode): number {
  if (value.kind === Kind.LIST) return value.values.reduce((sum, each) => sum + literalBytes(each), LITERAL_BYTES);
  const isText = value.kind === Kind.STRING && value.loc !== undefined;
  return LITERAL_BYTES + (isText ? unescapedBytes(value.value, value.loc) : 0);
}

function answerOf(data: Members<Part>): Plan['answer'] {
  return (variables, hits) => {
    let text = '{"data":{';
    for (const { prefix, part } of data) {
      const value = part(variables, hits);
      if (value === undefined) return undefined;
      text += prefix + value;
    }
    return `${text}}}`;
  };
}

function rootPart(select: Select, { name, node, selectionSets }: SelectedField): Part {
  switch (name) {
    case '__typename':
      return () => '"Query"';
    case 'kol': {
      const idsOf = idsIn(node, 'id');
      const { part, industries } = kolPart(select, selectionSets);
      return (variables, hits) => {
        const [id] = idsOf(variables) ?? [];
        return id === undefined || !hits.name(1, industries) ? undefined : part(id, variables, hits);
      };
    }
    case 'kols': {
      const idsOf = idsIn(node, 'ids');
      const { part, industries } = kolPart(select, selectionSets);
      return (variables, hits) => {
        const ids = idsOf(variables);
        if (ids === undefined || !hits.name(ids.length, industries)) return undefined;
        let text = '[';
        for (const id of ids) {
          const kol = part(id, variables, hits);
          if (kol === undefined) return undefined;
          text += text.length === 1 ? kol : `,${kol}`;
        }
        return `${text}]`;
      };
    }
    default:
      throw new NotPlannable('another root field');
  }
}
