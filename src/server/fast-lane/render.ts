import type { DocumentNode, SelectionSetNode } from 'graphql';
import type { IndexName, IndexScore, LinkIndexAnswer } from '../../upstream/link-index-source.ts';
import { NotPlannable, selectedFields } from './selection.ts';

/** JSON text of a value. */
export type Render<Value> = (value: Value) => string;

const SCORE_FIELDS: ReadonlySet<string> = new Set<keyof IndexScore>([
  'value',
  'avgValue',
  'linkRelativeRatio',
  'rank',
  'rankPercent',
]);
const INDEX_FIELDS: ReadonlySet<string> = new Set<IndexName>([
  'cooperate',
  'cp',
  'convert',
  'shopping',
  'spread',
  'star',
]);

/** The JSON of a fresh answer, as this selection asks for it. @throws NotPlannable */
export function renderLinkIndex(
  document: DocumentNode,
  selections: readonly SelectionSetNode[],
): Render<LinkIndexAnswer> {
  return renderObject(
    [...selectedFields(document, 'LinkIndex', selections)].map(([key, { name, selectionSets }]) => [
      key,
      renderIndexField(document, name, selectionSets),
    ]),
  );
}

function renderIndexField(
  document: DocumentNode,
  name: string,
  selections: readonly SelectionSetNode[],
): Render<LinkIndexAnswer> {
  if (name === '__typename') return () => '"LinkIndex"';
  if (name === 'fetchedAt') return ({ fetchedAtMs }) => `"${new Date(fetchedAtMs).toISOString()}"`;
  if (name === 'freshness') return ({ freshness }) => `"${freshness}"`;
  if (!INDEX_FIELDS.has(name)) throw new NotPlannable('a field that is new to plans');
  const render = renderScore(document, selections);
  return ({ scores }) => {
    const score = scores[name as IndexName];
    return score === null ? 'null' : render(score);
  };
}

function renderScore(document: DocumentNode, selections: readonly SelectionSetNode[]): Render<IndexScore> {
  return renderObject(
    [...selectedFields(document, 'IndexScore', selections)].map(([key, { name }]): [string, Render<IndexScore>] => {
      if (name === '__typename') return [key, () => '"IndexScore"'];
      if (!SCORE_FIELDS.has(name)) throw new NotPlannable('a field that is new to plans');
      // Finite, or null: so is what the envelope's decoder lets through.
      return [key, (score) => `${score[name as keyof IndexScore]}`];
    }),
  );
}

/** Response keys are names, which need no escape. */
function renderObject<Value>(fields: readonly (readonly [key: string, render: Render<Value>])[]): Render<Value> {
  const parts = fields.map(([key, render], index) => ({ prefix: `${index === 0 ? '{' : ','}"${key}":`, render }));
  return (value) => {
    let text = '';
    for (const { prefix, render } of parts) text += prefix + render(value);
    return `${text}}`;
  };
}
