import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Variables or extensions in a URL or a form that are no JSON: yoga would let the parser's own error through as a fault of ours. */
export function refuseMalformedUrls(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          throw new GraphQLError('"variables" and "extensions": expected JSON objects.', {
            extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
          });
        }
      });
    },
  };
}
