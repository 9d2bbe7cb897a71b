import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { TrustedDocuments } from './trusted-documents.ts';

export interface TrustDocumentsOptions {
  readonly documents: TrustedDocuments;
  /** Whether only they are answered. */
  readonly only: boolean;
  /** A request that may send queries of its own all the same. */
  readonly isRouter: (routerAuthorization: string | null) => boolean;
}

/** Documents that clients name by `extensions.persistedQuery.sha256Hash` instead of sending them. */
export function trustDocuments({ documents, only, isRouter }: TrustDocumentsOptions): Plugin {
  return usePersistedOperations({
    getPersistedOperation: (hash) => documents.documentOf(hash) ?? null,
    extractPersistedOperationId: hashIn,
    allowArbitraryOperations: (request) => !only || isRouter(request.headers.get('router-authorization')),
    customErrors: {
      notFound: refusal('PERSISTED_QUERY_NOT_FOUND', 'No trusted document has this hash.'),
      keyNotFound: refusal(
        'BAD_REQUEST',
        'Neither a query nor the hash of a trusted document: expected "query" or extensions.persistedQuery.sha256Hash.',
      ),
      persistedQueryOnly: refusal(
        'PERSISTED_QUERY_ONLY',
        'Only trusted documents are answered here: expected extensions.persistedQuery.sha256Hash and no query.',
      ),
    },
  });
}

/**
 * Where no documents are trusted, a hash alone is refused with the message and the code by which Apollo's and urql's
 * clients know to send the text.
 */
export function refuseHashes(): Plugin {
  return {
    onParams({ params }) {
      if (params.query || hashIn(params) === null) return;
      const { message, extensions } = refusal('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
      throw new GraphQLError(message, { extensions });
    },
  };
}

function hashIn({ extensions }: GraphQLParams): string | null {
  const hash = (extensions?.['persistedQuery'] as { sha256Hash?: unknown } | null | undefined)?.sha256Hash;
  return typeof hash === 'string' ? hash : null;
}

function refusal(code: string, message: string) {
  return { message, extensions: { code, http: { status: 400, spec: code !== 'BAD_REQUEST' } } };
}
