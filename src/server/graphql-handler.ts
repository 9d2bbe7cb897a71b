import { pipeline } from 'node:stream/promises';
import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import { createYoga } from 'graphql-yoga';
import type { LinkIndexCache } from '../cache/link-index-cache.ts';
import { createLinkIndexLoader, type LinkIndexLoaderOptions } from '../loaders/link-index-loader.ts';
import { createRequestAccount } from '../loaders/request-account.ts';
import type { GraphContext } from '../schema/builder.ts';
import { schema } from '../schema/schema.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Timers } from '../upstream/timers.ts';
import { cacheHeaders, replyCacheable } from './cache-headers.ts';
import { billStreams } from './plugins/bill-streams.ts';
import { forbidIntrospection } from './plugins/forbid-introspection.ts';
import { guardSubgraph } from './plugins/guard-subgraph.ts';
import { limitKols } from './plugins/limit-kols.ts';
import { refuseMalformedUrls } from './plugins/refuse-malformed-urls.ts';
import { refuseUnwantedParts } from './plugins/refuse-unwanted-parts.ts';
import { maskError, reportErrors } from './plugins/report-errors.ts';
import { waitMsOf } from './prefer.ts';
import { readBody } from './read-body.ts';
import { type Exchange, type GraphqlCall, type Refusal, refuse } from './reply.ts';

const MAX_BODY_BYTES = 100_000;
const IN_PARTS = /^(text\/event-stream|multipart\/mixed)/;

const TOO_LARGE: Refusal = {
  httpStatus: 413,
  code: 'PAYLOAD_TOO_LARGE',
  message: `The request body is too large: expected at most ${MAX_BODY_BYTES} bytes.`,
};

/** What yoga refuses without a word. */
const EMPTY_REFUSALS: Readonly<Record<number, string>> = {
  406: 'Accept: expected application/graphql-response+json or application/json; for @defer and @stream multipart/mixed or text/event-stream.',
  415: 'Content-Type: expected application/json.',
};

export interface GraphqlHandlerOptions {
  readonly cache: LinkIndexCache;
  /** For how much longer an outcome is fresh, in milliseconds. */
  readonly freshForMs: LinkIndexLoaderOptions['freshForMs'];
  readonly maxKolsPerRequest: number;
  /** The longest that a request waits for the upstream. */
  readonly requestWaitMs: number;
  readonly introspection: boolean;
  /** What a router must send to ask for entities or the SDL; undefined lets everybody. */
  readonly subgraphSecret: string | undefined;
  readonly timers: Timers;
  readonly log: Logger;
}

export interface GraphqlHandler {
  handle(exchange: Exchange): Promise<void>;
  /** Ends every wait for the upstream, now and from now on; what is being bought goes on. */
  endWaits(): void;
}

/** GraphQL over HTTP by yoga, with every default of its that is meant for another kind of server turned off. */
export function createGraphqlHandler(options: GraphqlHandlerOptions): GraphqlHandler {
  const { cache, freshForMs, maxKolsPerRequest, requestWaitMs, introspection, subgraphSecret, timers, log } = options;
  const waitsEnd = new AbortController();

  const yoga = createYoga<{ call: GraphqlCall }, GraphContext>({
    schema,
    context: ({ call }) => ({ linkIndexes: createLinkIndexLoader({ cache, account: call.account, freshForMs }) }),
    plugins: [
      refuseMalformedUrls(),
      ...(subgraphSecret === undefined ? [] : [guardSubgraph(subgraphSecret)]),
      limitKols(maxKolsPerRequest),
      useDeferStream(),
      refuseUnwantedParts(),
      reportErrors(log),
      billStreams(),
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

  async function handle(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const isReading = request.method !== 'GET' && request.method !== 'HEAD';
    const body = isReading ? await readBody(request, MAX_BODY_BYTES) : undefined;
    if (body === null) return refuse(exchange, TOO_LARGE);

    using account = createRequestAccount(waitMsOf(request.headers['prefer'], requestWaitMs), waitsEnd.signal, timers);
    const call: GraphqlCall = { exchange, account, hasErrors: false, isIncremental: false };
    // No abort signal: a client that leaves ends its own wait, and what was started for it is finished and kept.
    const answer = await yoga.fetch(
      new yoga.fetchAPI.Request(`http://localhost${request.url}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        ...(body !== undefined && { body: body.toString() }),
      }),
      { call },
    );
    const reason = EMPTY_REFUSALS[answer.status];
    if (reason) return refuse(exchange, { httpStatus: answer.status, code: 'BAD_REQUEST', message: reason });
    const headers = { ...headersOf(answer), ...cacheHeaders(call) };
    if (answer.body && IN_PARTS.test(headers['content-type'] ?? '')) {
      response.writeHead(answer.status, headers);
      await pipeline(answer.body, response);
    } else replyCacheable(exchange, answer.status, headers, await answer.text());
  }

  return { handle, endWaits: () => waitsEnd.abort() };
}

/** In lower case, and without what concerns the connection, which is our HTTP server's. */
function headersOf(answer: Response): Record<string, string> {
  const {
    connection: _,
    'transfer-encoding': __,
    ...headers
  } = Object.fromEntries([...answer.headers].map(([name, value]) => [name.toLowerCase(), value]));
  return headers;
}
