import type { SelectionSetNode } from 'graphql';
import type { RenderAnswer } from '../../cache/fresh-entries.ts';
import type { IndexName, IndexScore, LinkIndexAnswer } from '../../domain/link-index.ts';
import { NotPlannable, type Select } from './selection.ts';

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

/** The JSON of an answer, as this selection asks for it. @throws NotPlannable */
export function renderLinkIndex(select: Select, selections: readonly SelectionSetNode[]): RenderAnswer {
  return renderNullable(
    renderObject(
      select('LinkIndex', selections).map(([key, { name, selectionSets }]) => [
        key,
        renderIndexField(select, name, selectionSets),
      ]),
    ),
  );
}

function renderNullable<Value>(render: Render<Value>): Render<Value | null> {
  return (value) => (value === null ? 'null' : render(value));
}

function renderIndexField(
  select: Select,
  name: string,
  selections: readonly SelectionSetNode[],
): Render<LinkIndexAnswer> {
  if (name === '__typename') return () => '"LinkIndex"';
  if (name === 'fetchedAt') return ({ fetchedAtMs }) => `"${new Date(fetchedAtMs).toISOString()}"`;
  if (name === 'freshness') return ({ freshness }) => `"${freshness}"`;
  if (!INDEX_FIELDS.has(name)) throw new NotPlannable('a field that is new to plans');
  const render = renderNullable(renderScore(select, selections));
  return ({ scores }) => render(scores[name as IndexName]);
}

function renderScore(select: Select, selections: readonly SelectionSetNode[]): Render<IndexScore> {
  return renderObject(
    select('IndexScore', selections).map(([key, { name }]): [string, Render<IndexScore>] => {
      if (name === '__typename') return [key, () => '"IndexScore"'];
      if (!SCORE_FIELDS.has(name)) throw new NotPlannable('a field that is new to plans');
      // Finite, or null: so is what the envelope's decoder lets through.
      return [key, (score) => `${score[name as keyof IndexScore]}`];
    }),
  );
}

function renderObject<Value>(fields: readonly (readonly [key: string, part: Render<Value>])[]): Render<Value> {
  const parts = objectOf(fields);
  return (value) => {
    let text = '{';
    for (const { prefix, part } of parts) text += prefix + part(value);
    return `${text}}`;
  };
}

/** The members of a JSON object, each after its key. */
export type Members<Part> = readonly { readonly prefix: string; readonly part: Part }[];

/** Response keys are names, which need no escape. */
export function objectOf<Part>(fields: readonly (readonly [key: string, part: Part])[]): Members<Part> {
  return fields.map(([key, part], index) => ({ prefix: `${index === 0 ? '' : ','}"${key}":`, part }));
}
