import type { Comparison } from './comparison.ts';

/** How far it is, and what it cost. */
export function Progress({ comparison }: { readonly comparison: Comparison }) {
  const rows = [...comparison.rows.values()];
  const settled = rows.filter(({ kind }) => kind !== 'pending').length;
  return (
    <p className="progress" role="status">
      {rows.length > 0 && (
        <>
          <span>
            {settled} of {rows.length} answered
          </span>
          <span className="cost">{costOf(comparison)}</span>
        </>
      )}
    </p>
  );
}

function costOf({ runningRequests, billedCalls }: Comparison): string {
  if (runningRequests > 0) return 'cost known at the end';
  if (billedCalls === undefined) return 'cost not reported';
  return `${billedCalls} ${billedCalls === 1 ? 'call' : 'calls'} billed`;
}
