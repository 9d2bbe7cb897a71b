import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { createRendering, type RenderAnswer, type Rendering } from '../../cache/fresh-entries.ts';
import { unescapedBytes } from '../graphql/documents.ts';
import { idsIn, mayBeCached, tagIn, type Variables } from './arguments.ts';
import type { Hits } from './reads.ts';
import { type Members, objectOf, renderLinkIndex } from './render.ts';
import {
  NotPlannable,
  type Select,
  type SelectedField,
  type SelectedFields,
  type Switches,
  selectedFields,
} from './selection.ts';

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
        return id === undefined || !hits.countKols(1, industries) ? undefined : part(id, variables, hits);
      };
    }
    case 'kols': {
      const idsOf = idsIn(node, 'ids');
      const { part, industries } = kolPart(select, selectionSets);
      return (variables, hits) => {
        const ids = idsOf(variables);
        if (ids === undefined || !hits.countKols(ids.length, industries)) return undefined;
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

/** JSON text of a KOL; undefined where the plan cannot give it. */
type KolPart = (kolId: string, variables: Variables, hits: Hits) => string | undefined;

const KOL_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** @returns how a KOL is answered, and with how many industries it is named */
export function kolPart(select: Select, selectionSets: readonly SelectionSetNode[]) {
  const fields = select('Kol', selectionSets);
  const linkIndexes = fields.filter(([, { name }]) => name === 'linkIndex');
  const [only] = linkIndexes;
  const part =
    only && linkIndexes.length === 1 ? wholeKolPart(select, fields, only[1]) : manyIndexesPart(select, fields);
  return { part, industries: linkIndexes.length };
}

/** What names its KOL once, and one industry: all of it is one text on the entry that it reads. */
function wholeKolPart(select: Select, fields: SelectedFields, { node, selectionSets }: SelectedField): KolPart {
  const read = linkIndexRead(node);
  const renderIndexes = renderLinkIndex(select, selectionSets);
  const parts = objectOf<RenderAnswer>(
    fields.map(([key, { name }]) => [key, name === 'linkIndex' ? renderIndexes : staticRender(name)]),
  );
  const rendering = createRendering((answer, kolId) => {
    let text = '{';
    for (const { prefix, part } of parts) text += prefix + part(answer, kolId);
    return `${text}}`;
  });
  return (kolId, variables, hits) => (KOL_ID.test(kolId) ? read(kolId, variables, hits, rendering) : undefined);
}

function manyIndexesPart(select: Select, fields: SelectedFields): KolPart {
  const parts = fields.map(([key, { name, node, selectionSets }]): [string, KolPart] => {
    if (name !== 'linkIndex') return [key, staticPart(staticRender(name))];
    return [key, linkIndexPart(linkIndexRead(node), createRendering(renderLinkIndex(select, selectionSets)))];
  });
  return kolObject(objectOf(parts));
}

// Functions of a plan are made where no document is in scope: what is in scope is kept in memory with them.

function staticPart(render: RenderAnswer): KolPart {
  return (kolId) => render(null, kolId);
}

function linkIndexPart(read: LinkIndexRead, rendering: Rendering): KolPart {
  return (kolId, variables, hits) => read(kolId, variables, hits, rendering);
}

function kolObject(parts: Members<KolPart>): KolPart {
  return (kolId, variables, hits) => {
    if (!KOL_ID.test(kolId)) return undefined;
    let text = '{';
    for (const { prefix, part } of parts) {
      const value = part(kolId, variables, hits);
      if (value === undefined) return undefined;
      text += prefix + value;
    }
    return `${text}}`;
  };
}

/** What a KOL answers without a read. */
function staticRender(name: string): RenderAnswer {
  if (name === '__typename') return () => '"Kol"';
  if (name === 'id') return (_answer, kolId) => `"${kolId}"`;
  throw new NotPlannable('a field that is new to plans');
}

type LinkIndexRead = (kolId: string, variables: Variables, hits: Hits, rendering: Rendering) => string | undefined;

function linkIndexRead(node: FieldNode): LinkIndexRead {
  const tagOf = tagIn(node);
  const isCacheable = mayBeCached(node);
  return (kolId, variables, hits, rendering) => {
    const tag = tagOf(variables);
    return tag === undefined || !isCacheable(variables) ? undefined : hits.textOf(kolId, tag, rendering);
  };
}
