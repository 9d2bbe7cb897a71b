import { type DocumentNode, getOperationAST, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import { type FreshEntry, renderedText } from '../../cache/fresh-entries.ts';
import { measureDocument } from '../plugins/measure-document.ts';
import { idsIn, mayBeCached, tagIn, type Variables } from './arguments.ts';
import { renderLinkIndex } from './render.ts';
import { NotPlannable, type SelectedField, selectedFields } from './selection.ts';

/** How one operation is answered from memory, without a resolver or a walk through its document. */
export interface Plan {
  /** The whole body of the answer; undefined where anything is not in memory, not fresh, or not as it should be. */
  readonly answer: (variables: Variables, hits: Hits) => string | undefined;
}

/** What one request reads. */
export interface Hits {
  /** Counts ids that are named, duplicates included, each with so many industries. @returns whether so many may be */
  name(kols: number, industries: number): boolean;
  /** What is fresh in memory. */
  take(kolId: string, industryTag: string): FreshEntry | undefined;
}

/** JSON text of a part of the answer; undefined where the plan cannot give it. */
type Part = (variables: Variables, hits: Hits) => string | undefined;
type KolPart = (kolId: string, variables: Variables, hits: Hits) => string | undefined;

const KOL_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * A plan for an operation that yoga has answered, so that it is valid and within every limit on documents.
 *
 * @param maxFields what a KOL may bring, so that as many KOLs as a request may name are within the limit on answers
 * @returns undefined for what plans cannot do: directives, default values, entities, introspection
 */
export function planOf(document: DocumentNode, operationName: string | undefined, maxFields: number): Plan | undefined {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'query' || fieldsOf(document, operation) > maxFields) return undefined;
  try {
    refuseOdd(operation);
    const fields = [...selectedFields(document, 'Query', [operation.selectionSet])];
    const data = objectOf<Part>(fields.map(([key, field]) => [key, rootPart(document, field)]));
    return {
      answer(variables, hits) {
        let text = '{"data":';
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

function rootPart(document: DocumentNode, { name, node, selectionSets }: SelectedField): Part {
  switch (name) {
    case '__typename':
      return () => '"Query"';
    case 'kol': {
      const idsOf = idsIn(node, 'id');
      const { part, industries } = kolPart(document, selectionSets);
      return (variables, hits) => {
        const [id] = idsOf(variables) ?? [];
        return id === undefined || !hits.name(1, industries) ? undefined : part(id, variables, hits);
      };
    }
    case 'kols': {
      const idsOf = idsIn(node, 'ids');
      const { part, industries } = kolPart(document, selectionSets);
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

/** @returns how a KOL is answered, and with how many industries it is named */
function kolPart(document: DocumentNode, selectionSets: readonly SelectionSetNode[]) {
  const fields = [...selectedFields(document, 'Kol', selectionSets)];
  const parts = objectOf<KolPart>(fields.map(([key, field]) => [key, kolFieldPart(document, field)]));
  const industries = fields.filter(([, { name }]) => name === 'linkIndex').length;
  const part: KolPart = (kolId, variables, hits) => {
    if (!KOL_ID.test(kolId)) return undefined;
    let text = '';
    for (const { prefix, part } of parts) {
      const value = part(kolId, variables, hits);
      if (value === undefined) return undefined;
      text += prefix + value;
    }
    return `${text}}`;
  };
  return { part, industries };
}

function kolFieldPart(document: DocumentNode, { name, node, selectionSets }: SelectedField): KolPart {
  switch (name) {
    case '__typename':
      return () => '"Kol"';
    case 'id':
      return (kolId) => `"${kolId}"`;
    case 'linkIndex': {
      const tagOf = tagIn(node);
      const isCacheable = mayBeCached(node);
      const render = renderLinkIndex(document, selectionSets);
      return (kolId, variables, hits) => {
        const tag = tagOf(variables);
        if (tag === undefined || !isCacheable(variables)) return undefined;
        const entry = hits.take(kolId, tag);
        return entry && renderedText(entry, render);
      };
    }
    default:
      throw new NotPlannable('a field that is new to plans');
  }
}

/** Response keys are names, which need no escape. */
function objectOf<Each>(fields: readonly (readonly [key: string, part: Each])[]) {
  return fields.map(([key, part], index) => ({ prefix: `${index === 0 ? '{' : ','}"${key}":`, part }));
}
