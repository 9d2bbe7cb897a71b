import type { OperationResult } from 'urql';
import type { ComparisonQuery } from './gql/graphql.ts';
import { type Row, rowAt } from './row.ts';

export interface Comparison {
  /** By KOL id, in the order asked. */
  readonly rows: ReadonlyMap<string, Row>;
  /** How many requests still have payloads to come. */
  readonly runningRequests: number;
  /** What the requests that are over have bought; undefined when one of them did not say. */
  readonly billedCalls: number | undefined;
}

export const NOTHING_ASKED: Comparison = { rows: new Map(), runningRequests: 0, billedCalls: 0 };

/** Asks for KOLs that are new to the comparison, or once more. */
export function withRequest(comparison: Comparison, ids: readonly string[]): Comparison {
  const rows = new Map(comparison.rows);
  for (const id of ids) rows.set(id, { kind: 'pending' });
  return { ...comparison, rows, runningRequests: comparison.runningRequests + 1 };
}

/** Takes in what has come for a request so far. A row that is there stays, even if the connection breaks after it. */
export function withResult(
  comparison: Comparison,
  ids: readonly string[],
  result: OperationResult<ComparisonQuery>,
): Comparison {
  const rows = new Map(comparison.rows);
  ids.forEach((id, index) => {
    if (rows.get(id)?.kind === 'pending') rows.set(id, rowAt(index, result));
  });
  if (result.hasNext) return { ...comparison, rows };
  const before = comparison.billedCalls;
  const billed = billedCallsOf(result);
  return {
    rows,
    runningRequests: comparison.runningRequests - 1,
    billedCalls: before === undefined || billed === undefined ? undefined : before + billed,
  };
}

/** An answer in parts says it in its last payload. One that was refused before anything ran has a header instead. */
function billedCallsOf({ extensions, error }: OperationResult): number | undefined {
  const response: Response | undefined = error?.response;
  const billed: unknown = extensions?.['billedCalls'] ?? response?.headers.get('x-billed-calls') ?? undefined;
  return billed === undefined ? undefined : Number(billed);
}
