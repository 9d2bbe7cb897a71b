import { FailureNotice } from './failure-notice.tsx';
import { bestOf, INDICES } from './indices.ts';
import type { Row } from './row.ts';
import { type BestValues, ScoreCells } from './score-cells.tsx';

interface ComparisonTableProps {
  readonly rows: ReadonlyMap<string, Row>;
  readonly onTryAgain: (id: string) => void;
}

export function ComparisonTable({ rows, onTryAgain }: ComparisonTableProps) {
  const best: BestValues = Object.fromEntries(INDICES.map(({ name }) => [name, bestOf(name, rows.values())]));
  return (
    <div className="scroll">
      <table>
        <caption className="hidden">Link indices by KOL, in points from 0 to 100</caption>
        <thead>
          <tr>
            <th scope="col">KOL</th>
            {INDICES.map(({ name, label }) => (
              <th key={name} scope="col">
                {label}
              </th>
            ))}
            <th scope="col">Fetched</th>
          </tr>
        </thead>
        <tbody>
          {[...rows].map(([id, row]) => (
            <tr key={id} className={row.kind} aria-busy={row.kind === 'pending'}>
              <th scope="row">{id}</th>
              {row.kind === 'scores' ? (
                <ScoreCells indices={row.indices} best={best} />
              ) : (
                <td colSpan={INDICES.length + 1}>
                  <Outcome row={row} onTryAgain={() => onTryAgain(id)} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface OutcomeProps {
  readonly row: Exclude<Row, { kind: 'scores' }>;
  readonly onTryAgain: () => void;
}

/** What stands in place of scores. */
function Outcome({ row, onTryAgain }: OutcomeProps) {
  switch (row.kind) {
    case 'pending':
      return <span className="pulse">Waiting for the scores, up to a minute …</span>;
    case 'no-data':
      return 'No such data: nothing is known about this KOL. That is an answer, and billed like one.';
    case 'failed':
      return <FailureNotice failure={row.failure} onTryAgain={onTryAgain} />;
  }
}
