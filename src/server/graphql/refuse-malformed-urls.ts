import type { Plugin } from 'graphql-yoga';
import { badRequest } from './bad-request.ts';

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
          throw badRequest('"variables" and "extensions": expected JSON objects.');
        }
      });
    },
  };
}
