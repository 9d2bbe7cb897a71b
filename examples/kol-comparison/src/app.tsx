import { ComparisonTable } from './comparison-table.tsx';
import { KolForm } from './kol-form.tsx';
import { Progress } from './progress.tsx';
import { useComparison } from './use-comparison.ts';

export function App() {
  const { comparison, compare, tryAgain } = useComparison();
  return (
    <main>
      <h1>KOL comparison</h1>
      <p className="lead">
        The six link indices of Douyin creators side by side. A row fills in as soon as it is there.
      </p>
      <KolForm onCompare={compare} />
      <Progress comparison={comparison} />
      {comparison.rows.size > 0 && <ComparisonTable rows={comparison.rows} onTryAgain={tryAgain} />}
    </main>
  );
}
