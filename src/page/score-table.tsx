import { useContext } from 'preact/hooks';
import { INDEX_NAMES } from './index-names.ts';
import type { LinkIndex } from './rows.ts';
import { LanguageContext, useWords } from './words/words.ts';

interface ScoreTableProps {
  readonly id: string;
  readonly linkIndex: LinkIndex;
}

export function ScoreTable({ id, linkIndex }: ScoreTableProps) {
  const words = useWords();
  const language = useContext(LanguageContext);
  const { columns } = words;
  const score = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const count = new Intl.NumberFormat(language);
  const share = new Intl.NumberFormat(language, { style: 'percent', minimumFractionDigits: 2 });
  const change = new Intl.NumberFormat(language, {
    style: 'percent',
    minimumFractionDigits: 2,
    signDisplay: 'exceptZero',
  });
  const show = (format: Intl.NumberFormat, value: number | null | undefined, otherwise = words.missing) =>
    typeof value === 'number' ? format.format(value) : <span class="none">{otherwise}</span>;

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" aria-label={words.table(id)} tabIndex={0}>
      <table>
        <caption>{words.table(id)}</caption>
        <thead>
          <tr>
            <th scope="col">{columns.index}</th>
            <th scope="col">{columns.value}</th>
            <th scope="col">{columns.average}</th>
            <th scope="col">{columns.rank}</th>
            <th scope="col">{columns.top}</th>
            <th scope="col">{columns.change}</th>
          </tr>
        </thead>
        <tbody>
          {INDEX_NAMES.map((name) => {
            const index = linkIndex[name];
            return (
              <tr key={name}>
                <th scope="row">{words.indices[name]}</th>
                <td>{show(score, index?.value)}</td>
                <td>{show(score, index?.avgValue)}</td>
                <td>{show(count, index?.rank, index ? words.notRanked : words.missing)}</td>
                <td>{show(share, index?.rankPercent, '–')}</td>
                <td class={directionOf(index?.linkRelativeRatio)}>{show(change, index?.linkRelativeRatio, '–')}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function directionOf(change: number | null | undefined): string {
  return !change ? '' : change > 0 ? 'up' : 'down';
}
