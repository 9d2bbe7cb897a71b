import type { Plugin } from 'graphql-yoga';
import type { GraphqlCall } from '../reply.ts';

/** As yoga recognizes it. */
const JSON_TYPE = /^application\/(?:graphql\+)?json(?:$|[;,])/;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/**
 * Refuses, with HTTP 415, every body but plain JSON: forms, which any page can make a browser send; compressed ones,
 * which can be a thousand times as large as they look; other character sets, which we would misread.
 */
export function acceptJsonOnly(): Plugin<{ call: GraphqlCall }> {
  return {
    onRequestParse({ request: { method, headers }, endResponse, fetchAPI }) {
      if (method !== 'POST') return;
      const type = headers.get('content-type') ?? '';
      const charset = CHARSET.exec(type)?.[1]?.toLowerCase() ?? 'utf-8';
      const coding = headers.get('content-encoding') ?? 'identity';
      if (JSON_TYPE.test(type) && charset === 'utf-8' && coding === 'identity') return;
      endResponse(new fetchAPI.Response(null, { status: 415 }));
    },
  };
}
