import { Client, fetchExchange } from '@urql/core';
import { clientKey } from './client-key.ts';
import type { CompareKolsQuery } from './gql/graphql.ts';
import { COMPARE } from './operations.ts';
import { type Row, rowsOf } from './rows.ts';

/** No cache of its own: the gateway's answers say how fresh they are. */
const client = new Client({
  // Relative, like every address on our pages: a proxy may serve them below a path of its own.
  url: 'graphql',
  exchanges: [fetchExchange],
  preferGetMethod: false,
  fetchOptions: () => ({ headers: clientKey() ? { 'x-api-key': clientKey() } : {} }),
});

export interface Progress {
  readonly rows: readonly Row[];
  /** Calls that this comparison was billed for; undefined until everything has arrived. */
  readonly billedCalls: number | undefined;
}

/**
 * Asks for KOLs and tells of every step.
 * @returns what ends the wait; it ends no purchase
 */
export function compareKols(ids: readonly string[], onProgress: (progress: Progress) => void): () => void {
  // When the connection breaks, urql ends with a result that has none of what had arrived.
  let data: CompareKolsQuery | undefined;
  const results = client.query<CompareKolsQuery>(COMPARE.toString(), { ids });
  const { unsubscribe } = results.subscribe(({ error, hasNext, extensions, ...result }) => {
    data = result.data ?? data;
    const billedCalls = hasNext ? undefined : extensions?.['billedCalls'];
    onProgress({
      rows: rowsOf(ids.length, { data, error, hasNext }),
      billedCalls: typeof billedCalls === 'number' ? billedCalls : undefined,
    });
  });
  return unsubscribe;
}
