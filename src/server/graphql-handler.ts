import { pipeline } from 'node:stream/promises';
import { createYoga } from 'graphql-yoga';
import type { LinkIndexCache } from '../cache/link-index-cache.ts';
import { createLinkIndexLoader } from '../loaders/link-index-loader.ts';
import type { GraphContext } from '../schema/builder.ts';
import { schema } from '../schema/schema.ts';
import type { Logger } from '../telemetry/logger.ts';
import { forbidIntrospection } from './plugins/forbid-introspection.ts';
import { limitKols } from './plugins/limit-kols.ts';
import { refuseMalformedUrls } from './plugins/refuse-malformed-urls.ts';
import { maskError, reportErrors } from './plugins/report-errors.ts';
import { readBody } from './read-body.ts';
import { type Exchange, refuse } from './reply.ts';

const MAX_BODY_BYTES = 100_000;
const INCREMENTAL = /^(text\/event-stream|multipart\/mixed)/;

/** What yoga refuses without a word. */
const EMPTY_REFUSALS: Readonly<Record<number, string>> = {
  406: 'Accept: expected application/graphql-response+json or application/json.',
  415: 'Content-Type: expected application/json.',
};

export interface GraphqlHandlerOptions {
  readonly cache: LinkIndexCache;
  readonly maxKolsPerRequest: number;
  readonly introspection: boolean;
  readonly log: Logger;
}

export type GraphqlHandler = (exchange: Exchange) => Promise<void>;

/** GraphQL over HTTP by yoga, with every default of its that is meant for another kind of server turned off. */
export function createGraphqlHandler({
  cache,
  maxKolsPerRequest,
  introspection,
  log,
}: GraphqlHandlerOptions): GraphqlHandler {
  const yoga = createYoga<{ exchange: Exchange }, GraphContext>({
    schema,
    context: () => ({ linkIndexes: createLinkIndexLoader(cache) }),
    plugins: [
      refuseMalformedUrls(),
      limitKols(maxKolsPerRequest),
      reportErrors(log),
      ...(introspection ? [] : [forbidIntrospection()]),
    ],
    maskedErrors: { maskError },
    logging: false,
    cors: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    batching: false,
    // The body is read at our edge; yoga's own limiter halves throughput.
    maxRequestBodySize: false,
  });

  return async (exchange) => {
    const { request, response } = exchange;
    const isReading = request.method !== 'GET' && request.method !== 'HEAD';
    const body = isReading ? await readBody(request, MAX_BODY_BYTES) : undefined;
    if (body === null) {
      return refuse(exchange, {
        httpStatus: 413,
        code: 'PAYLOAD_TOO_LARGE',
        message: `The request body is too large: expected at most ${MAX_BODY_BYTES} bytes.`,
      });
    }
    // No abort signal: a client that leaves ends its own wait, and what was started for it is finished and kept.
    const answer = await yoga.fetch(
      new yoga.fetchAPI.Request(`http://localhost${request.url}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        ...(body !== undefined && { body: body.toString() }),
      }),
      { exchange },
    );
    const reason = EMPTY_REFUSALS[answer.status];
    if (reason) return refuse(exchange, { httpStatus: answer.status, code: 'BAD_REQUEST', message: reason });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body && INCREMENTAL.test(answer.headers.get('content-type') ?? ''))
      await pipeline(answer.body, response);
    else response.end(await answer.text());
  };
}
