import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { GraphqlCall } from '../reply.ts';

/** The headers of an incremental answer leave before anything is bought: its last payload says what was. */
export function billStreams(): Plugin<{ call: GraphqlCall }> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      if (!isAsyncIterable(result)) return;
      const { call } = serverContext as unknown as { call: GraphqlCall };
      call.isIncremental = true;
      setResult(
        mapAsyncIterator(result, (payload) =>
          (payload as { hasNext?: boolean }).hasNext === false
            ? { ...payload, extensions: { ...payload.extensions, billedCalls: call.account.billedCalls } }
            : payload,
        ),
      );
    },
  };
}
