import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import { createYoga } from 'graphql-yoga';
import type { GraphContext } from '../../schema/builder.ts';
import { schema } from '../../schema/schema.ts';
import type { LogFault } from '../../telemetry/log-events.ts';
import { createIsRouter } from '../clients/secrets.ts';
import { addAccount } from './account.ts';
import type { GraphqlCall } from './call.ts';
import { createDocuments } from './documents.ts';
import { maskError, reportErrors } from './errors.ts';
import { checkIncremental } from './incremental.ts';
import { checkOperations, forbidIntrospection, requireRouterSecret } from './operation-checks.ts';
import { limitCost, limitKols, refuseRoundedIds } from './request-limits.ts';
import { checkParameters } from './request-parameters.ts';
import { noteOperation } from './tracing.ts';
import { refuseHashes, type TrustDocumentsOptions, trustDocuments } from './trust-documents.ts';

export interface GraphqlEngineOptions {
  readonly maxKolsPerRequest: number;
  /** Whether clients with the scope `introspect` may read the schema. */
  readonly introspection: boolean;
  /** What a router must send for entities and the SDL; undefined requires nothing. */
  readonly subgraphSecret: string | undefined;
  /** Documents that clients name by their hash, and whether only they are answered; undefined where there are none. */
  readonly trustedDocuments: Omit<TrustDocumentsOptions, 'isRouter'> | undefined;
  readonly logFault: LogFault;
}

/** Yoga, with every default of its that is meant for another kind of server turned off. */
export function createGraphqlEngine(options: GraphqlEngineOptions) {
  const { maxKolsPerRequest: maxKols, introspection, subgraphSecret, trustedDocuments, logFault } = options;
  const isRouter = createIsRouter(subgraphSecret);
  const mayIntrospect = ({ client }: GraphqlCall) => introspection && client.scopes.has('introspect');
  const documents = createDocuments();

  return createYoga<{ call: GraphqlCall }, GraphContext>({
    schema,
    context: ({ call: { linkIndexes, client } }) => ({ linkIndexes, mayForce: client.scopes.has('fresh') }),
    plugins: [
      // request
      checkParameters(),
      trustedDocuments ? trustDocuments({ ...trustedDocuments, isRouter }) : refuseHashes(),
      noteOperation(),
      // parse and validate
      documents.plugin,
      useDeferStream(),
      // execute
      checkOperations([
        ...(subgraphSecret === undefined ? [] : [requireRouterSecret(isRouter)]),
        forbidIntrospection(mayIntrospect),
        limitCost(maxKols),
        refuseRoundedIds,
        limitKols(maxKols),
        checkIncremental,
      ]),
      // result
      reportErrors({ logFault, mayIntrospect }),
      addAccount(),
    ],
    maskedErrors: { maskError },
    parserAndValidationCache: documents.parserAndValidationCache,
    logging: false,
    cors: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    batching: false,
    // The body is read at our edge; yoga's own limiter halves throughput.
    maxRequestBodySize: false,
  });
}
