import type { FieldNode, SelectionSetNode } from 'graphql';
import { createRendering, type RenderAnswer, type Rendering } from '../../cache/fresh-entries.ts';
import { mayBeCached, tagIn } from './arguments.ts';
import type { Hits } from './hits.ts';
import { type Members, objectOf, renderLinkIndex } from './render.ts';
import { NotPlannable, type Select, type SelectedField, type SelectedFields } from './selection.ts';
import type { Variables } from './variables.ts';

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
