import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { NOTHING_ASKED, withRequest, withResult } from './comparison.ts';
import { COMPARISON } from './comparison-query.ts';

/**
 * `client.query` rather than `useQuery`: a KOL can be asked for again while the others are still on their way, and
 * what has arrived outlives a broken connection. Leaving a request ends our wait only; the gateway finishes and keeps
 * what it is buying.
 */
export function useComparison() {
  const client = useClient();
  const [comparison, setComparison] = useState(NOTHING_ASKED);
  const open = useRef(new Map<string, () => void>());

  function ask(ids: string[]): void {
    setComparison((now) => withRequest(now, ids));
    const key = ids.join(' ');
    // urql keeps a query open after its last payload, and would give this request's results to the earlier one too.
    open.current.get(key)?.();
    const results = client.query(COMPARISON.toString(), { ids }, { requestPolicy: 'network-only' });
    const { unsubscribe } = results.subscribe((result) => setComparison((now) => withResult(now, ids, result)));
    open.current.set(key, unsubscribe);
  }

  const leaveAll = useCallback(() => {
    for (const unsubscribe of open.current.values()) unsubscribe();
    open.current.clear();
  }, []);
  useEffect(() => leaveAll, [leaveAll]);

  return {
    comparison,
    compare(ids: string[]): void {
      leaveAll();
      setComparison(NOTHING_ASKED);
      ask(ids);
    },
    tryAgain(id: string): void {
      ask([id]);
    },
  };
}
