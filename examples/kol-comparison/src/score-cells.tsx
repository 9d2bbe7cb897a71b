import type { CSSProperties } from 'react';
import { FreshnessBadge } from './freshness-badge.tsx';
import type { IndicesFragment, ScoreFragment } from './gql/graphql.ts';
import { INDICES, type IndexName } from './indices.ts';

export type BestValues = Readonly<Partial<Record<IndexName, number | undefined>>>;

interface ScoreCellsProps {
  readonly indices: IndicesFragment;
  readonly best: BestValues;
}

export function ScoreCells({ indices, best }: ScoreCellsProps) {
  return (
    <>
      {INDICES.map(({ name }) => (
        <td key={name}>
          <Score score={indices[name]} best={best[name]} />
        </td>
      ))}
      <td>
        <FreshnessBadge freshness={indices.freshness} fetchedAt={indices.fetchedAt} />
      </td>
    </>
  );
}

const points = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });

function Score({ score, best }: { readonly score: ScoreFragment | null; readonly best: number | undefined }) {
  // What the upstream left out is not 0.
  if (score?.value == null) return <span className="muted">not given</span>;
  const { value, avgValue, rankPercent } = score;
  return (
    <>
      {value === best ? <strong title="The highest here">{points.format(value)}</strong> : points.format(value)}
      <span className="bar" style={{ '--points': value } as CSSProperties} />
      <small>{avgValue !== null && <>average {points.format(avgValue)}</>}</small>
      <small>{rankPercent !== null && <>top {percent.format(rankPercent)}</>}</small>
    </>
  );
}
