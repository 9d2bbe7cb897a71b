import type { FieldNode, SelectionSetNode } from 'graphql';
import type { RenderAnswer } from '../../cache/rendered-texts.ts';
import { mayBeCached, tagIn, type Variables } from './arguments.ts';
import type { Hits } from './hits.ts';
import { objectOf, renderLinkIndex } from './render.ts';
import { NotPlannable, type Select, type SelectedField, type SelectedFields } from './selection.ts';

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
  const render: RenderAnswer = (answer, kolId) => {
    let text = '{';
    for (const { prefix, part } of parts) text += prefix + part(answer, kolId);
    return `${text}}`;
  };
  return (kolId, variables, hits) => (KOL_ID.test(kolId) ? read(kolId, variables, hits, render) : undefined);
}

function manyIndexesPart(select: Select, fields: SelectedFields): KolPart {
  const parts = objectOf<KolPart>(
    fields.map(([key, { name, node, selectionSets }]) => {
      if (name !== 'linkIndex') return [key, (kolId) => staticRender(name)(null, kolId)];
      const read = linkIndexRead(node);
      const render = renderLinkIndex(select, selectionSets);
      return [key, (kolId, variables, hits) => read(kolId, variables, hits, render)];
    }),
  );
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

function linkIndexRead(node: FieldNode) {
  const tagOf = tagIn(node);
  const isCacheable = mayBeCached(node);
  return (kolId: string, variables: Variables, hits: Hits, render: RenderAnswer) => {
    const tag = tagOf(variables);
    return tag === undefined || !isCacheable(variables) ? undefined : hits.textOf(kolId, tag, render);
  };
}
