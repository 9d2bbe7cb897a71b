import { useRef } from 'preact/hooks';
import { FailureNote } from './failure-note.tsx';
import { FreshnessBadge } from './freshness-badge.tsx';
import { RadarChart } from './radar-chart.tsx';
import type { Row } from './rows.ts';
import { ScoreTable } from './score-table.tsx';
import { useWords } from './words/words.ts';

interface KolCardProps {
  readonly id: string;
  readonly row: Row;
  readonly onAgain: () => void;
}

export function KolCard({ id, row, onAgain }: KolCardProps) {
  const card = useRef<HTMLElement>(null);
  // The button that was pressed goes away; without this the keyboard's focus would go with it.
  const again = () => {
    card.current?.focus();
    onAgain();
  };
  return (
    <article ref={card} tabIndex={-1} aria-label={id} aria-busy={row.kind === 'pending'} data-kind={row.kind}>
      <h2>{id}</h2>
      <Answer id={id} row={row} onAgain={again} />
    </article>
  );
}

function Answer({ id, row, onAgain }: KolCardProps) {
  const words = useWords();
  switch (row.kind) {
    case 'pending':
      return <p class="pending">{words.pending}</p>;
    case 'no-data':
      return <p>{words.noData}</p>;
    case 'failure':
      return <FailureNote failure={row.failure} onAgain={onAgain} />;
    case 'answer':
      return (
        <>
          <FreshnessBadge linkIndex={row.linkIndex} />
          <RadarChart id={id} linkIndex={row.linkIndex} />
          <ScoreTable id={id} linkIndex={row.linkIndex} />
        </>
      );
  }
}
