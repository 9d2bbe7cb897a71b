import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import { createYoga } from 'graphql-yoga';
import type { GraphContext } from '../../schema/builder.ts';
import { schema } from '../../schema/schema.ts';
import type { LogFault } from '../../telemetry/log-faults.ts';
import type { Tracer } from '../../telemetry/span.ts';
import { createIsRouter } from '../clients/router-secret.ts';
import type { GraphqlCall } from '../http/reply.ts';
import { checkIncremental } from './check-incremental.ts';
import { createDocumentCaches } from './document-caches.ts';
import { forbidIntrospection } from './forbid-introspection.ts';
import { guardSubgraph } from './guard-subgraph.ts';
import { limitKols } from './limit-kols.ts';
import { limitQueries } from './limit-queries.ts';
import { refuseMalformedUrls } from './refuse-malformed-urls.ts';
import { rememberOperation } from './remember-operation.ts';
import { maskError, reportErrors } from './report-errors.ts';
import { tellAccount } from './tell-account.ts';
import { traceOperations } from './trace-operations.ts';
import { refuseHashes, type TrustDocumentsOptions, trustDocuments } from './trust-documents.ts';

export interface GraphqlEngineOptions {
  readonly maxKolsPerRequest: number;
  /** Whether clients with the scope `introspect` may read the schema. */
  readonly introspection: boolean;
  /** What a router must send to ask for entities or the SDL; undefined lets everybody. */
  readonly subgraphSecret: string | undefined;
  /** Documents that are named by their hash, and whether only they are answered; undefined where there are none. */
  readonly trustedDocuments: Omit<TrustDocumentsOptions, 'isRouter'> | undefined;
  readonly logFault: LogFault;
  /** Undefined where no traces are made. */
  readonly tracer?: Tracer | undefined;
}

/** Yoga, with every default of its that is meant for another kind of server turned off. */
export function createGraphqlEngine(options: GraphqlEngineOptions) {
  const { maxKolsPerRequest, introspection, subgraphSecret, trustedDocuments, logFault, tracer } = options;
  const isRouter = createIsRouter(subgraphSecret);
  const { parserAndValidationCache, forget } = createDocumentCaches();
  const mayIntrospect = ({ client }: GraphqlCall) => introspection && client.scopes.has('introspect');

  return createYoga<{ call: GraphqlCall }, GraphContext>({
    schema,
    context: ({ call: { linkIndexes, client } }) => ({ linkIndexes, mayForce: client.scopes.has('fresh') }),
    plugins: [
      ...limitQueries({
        maxKols: maxKolsPerRequest,
        mayIntrospect,
        onInvalid: forget,
      }),
      refuseMalformedUrls(),
      trustedDocuments ? trustDocuments({ ...trustedDocuments, isRouter }) : refuseHashes(),
      rememberOperation(),
      forbidIntrospection(mayIntrospect),
      ...(subgraphSecret === undefined ? [] : [guardSubgraph(isRouter)]),
      limitKols(maxKolsPerRequest),
      useDeferStream(),
      checkIncremental(),
      reportErrors(logFault),
      tellAccount(),
      ...(tracer ? [traceOperations()] : []),
    ],
    maskedErrors: { maskError },
    logging: false,
    cors: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    batching: false,
    parserAndValidationCache,
    // The body is read at our edge; yoga's own limiter halves throughput.
    maxRequestBodySize: false,
  });
}
