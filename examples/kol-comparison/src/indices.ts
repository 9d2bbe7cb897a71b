import type { IndicesFragment } from './gql/graphql.ts';
import type { Row } from './row.ts';

export type IndexName = Exclude<keyof IndicesFragment, 'fetchedAt' | 'freshness'>;

/** The columns, in their order. */
export const INDICES: readonly { readonly name: IndexName; readonly label: string }[] = [
  { name: 'star', label: 'Xingtu' },
  { name: 'cooperate', label: 'Cooperation' },
  { name: 'cp', label: 'Value for money' },
  { name: 'convert', label: 'Conversion' },
  { name: 'shopping', label: 'Seeding' },
  { name: 'spread', label: 'Spread' },
];

/** The highest value of an index; undefined where no KOL stands out. */
export function bestOf(name: IndexName, rows: Iterable<Row>): number | undefined {
  const values = [...rows]
    .map((row) => (row.kind === 'scores' ? row.indices[name]?.value : undefined))
    .filter((value) => typeof value === 'number');
  const highest = Math.max(...values);
  return values.some((value) => value < highest) ? highest : undefined;
}
