import { type DocumentNode, getOperationAST, type OperationDefinitionNode } from 'graphql';
import { measureDocument } from '../plugins/measure-document.ts';
import { idsIn, type Variables } from './arguments.ts';
import type { Hits } from './hits.ts';
import { kolPart } from './kol-part.ts';
import { objectOf } from './render.ts';
import { NotPlannable, type Select, type SelectedField, type Switches, selectedFields } from './selection.ts';

/** How one operation is answered from memory, without a resolver or a walk through its document. */
export interface Plan {
  /** The whole body of the answer; undefined where anything is not in memory, not fresh, or not as it should be. */
  readonly answer: (variables: Variables, hits: Hits) => string | undefined;
}

/** JSON text of a part of the answer; undefined where the plan cannot give it. */
type Part = (variables: Variables, hits: Hits) => string | undefined;

/**
 * A plan for an operation that yoga has answered, so that it is valid and within every limit on documents.
 *
 * @param switches what its `@skip` and `@include` go by; another case is another plan
 * @param maxFields what a KOL may bring, so that as many KOLs as a request may name are within the limit on answers
 * @returns undefined for what plans cannot do: other directives, default values, entities, introspection
 */
export function planOf(
  document: DocumentNode,
  operationName: string | undefined,
  switches: Switches,
  maxFields: number,
): Plan | undefined {
  const select: Select = (type, selectionSets) => [...selectedFields(document, type, selectionSets, switches)];
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'query' || fieldsOf(document, operation) > maxFields) return undefined;
  try {
    refuseOdd(operation);
    const fields = select('Query', [operation.selectionSet]);
    const data = objectOf<Part>(fields.map(([key, field]) => [key, rootPart(select, field)]));
    return {
      answer(variables, hits) {
        let text = '{"data":{';
        for (const { prefix, part } of data) {
          const value = part(variables, hits);
          if (value === undefined) return undefined;
          text += prefix + value;
        }
        return `${text}}}`;
      },
    };
  } catch (error) {
    if (error instanceof NotPlannable) return undefined;
    throw error;
  }
}

function fieldsOf(document: DocumentNode, operation: OperationDefinitionNode): number {
  const measured = measureDocument(document);
  if (measured.refusal) return Number.POSITIVE_INFINITY;
  return (measured.roots.get(operation) ?? []).reduce((sum, { fieldsPerElement }) => sum + fieldsPerElement, 0);
}

function refuseOdd({ directives, variableDefinitions }: OperationDefinitionNode): void {
  if (directives?.length) throw new NotPlannable('a directive');
  for (const definition of variableDefinitions ?? []) {
    if (definition.defaultValue || definition.directives?.length) throw new NotPlannable('a default value');
  }
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
