import { useEffect, useState } from 'preact/hooks';
import type { AppProps } from './app.tsx';
import { clientKey } from './client-key.ts';
import { compareKols } from './compare-kols.ts';
import { KeyField } from './key-field.tsx';
import { KolCard } from './kol-card.tsx';
import { KolForm } from './kol-form.tsx';
import type { Row } from './rows.ts';
import { useWords } from './words/words.ts';

const FIRST_SAMPLE = 'sandbox-sample';

interface Asked {
  readonly ids: readonly string[];
  readonly rows: readonly Row[];
  readonly billedCalls: number | undefined;
}

const PENDING: Row = { kind: 'pending' };

/** The form, what it has asked for, and what has come of it. */
export function Comparison({ isSandbox, needsKey }: AppProps) {
  const words = useWords();
  // Where answers cost money, nothing is asked before somebody presses the button.
  const [ids, setIds] = useState<readonly string[]>(isSandbox && (!needsKey || clientKey()) ? [FIRST_SAMPLE] : []);
  const [asked, setAsked] = useState<Asked>({ ids, rows: [], billedCalls: undefined });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (ids.length === 0) return;
    setAsked({ ids, rows: ids.map(() => PENDING), billedCalls: undefined });
    return compareKols(ids, (progress) => setAsked({ ids, ...progress }));
  }, [ids, attempt]);

  const ask = (newIds: readonly string[]) => {
    setIds(newIds);
    setAttempt(attempt + 1);
  };
  const arrived = asked.rows.filter(({ kind }) => kind !== 'pending').length;
  const cost = isSandbox ? words.cost.sandbox : words.cost.live;

  return (
    <>
      {needsKey && <KeyField />}
      <KolForm isSandbox={isSandbox} initialIds={ids} onCompare={ask} />
      <p role="status">
        {asked.rows.length > 0 && words.progress(arrived, asked.rows.length)}{' '}
        {asked.billedCalls !== undefined && cost(asked.billedCalls)}
      </p>
      <div class="cards">
        {asked.rows.map((row, index) => (
          <KolCard key={asked.ids[index]} id={asked.ids[index] ?? ''} row={row} onAgain={() => ask(asked.ids)} />
        ))}
      </div>
    </>
  );
}
