import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import { callOf, type GraphqlCall } from './call.ts';

/**
 * Adds to the extensions of an answer, and of the last payload of an incremental one, what the headers cannot say: where
 * each score came from, for `x-account: 1`, and what was billed after the headers of an incremental answer had left.
 */
export function addAccount(): Plugin<{ call: GraphqlCall }> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      const call = callOf(serverContext);
      if (isAsyncIterable(result)) {
        call.isIncremental = true;
        const isLast = (payload: object) => (payload as { hasNext?: boolean }).hasNext === false;
        setResult(mapAsyncIterator(result, (payload) => (isLast(payload) ? extended(payload, call) : payload)));
      } else if (call.wantsAccount && !Array.isArray(result)) setResult(extended(result, call));
    },
  };
}

function extended<Result extends { readonly extensions?: object }>(result: Result, call: GraphqlCall): Result {
  const { account, isIncremental, wantsAccount } = call;
  return {
    ...result,
    extensions: {
      ...result.extensions,
      ...(isIncremental && { billedCalls: account.billedCalls }),
      ...(wantsAccount && { account: accountOf(call) }),
    },
  };
}

function accountOf({ account: { reads } }: GraphqlCall) {
  return reads.map(({ key, source, ageMs, attempts, durationMs }) => ({
    id: key.kolId,
    industryTag: key.industryTag === '' ? null : key.industryTag,
    source,
    ageSeconds: ageMs === undefined ? null : Math.floor(ageMs / 1000),
    attempts,
    milliseconds: Math.round(durationMs),
  }));
}
