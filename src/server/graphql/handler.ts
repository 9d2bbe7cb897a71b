import { pipeline } from 'node:stream/promises';
import type { Timers } from '../../domain/time.ts';
import { createLinkIndexLoader, type LinkIndexLoaderOptions } from '../../loaders/link-index-loader.ts';
import { createRequestAccount, createWaits, type RequestAccount } from '../../loaders/request-account.ts';
import type { CallSummary, RejectedCall } from '../../telemetry/log-events.ts';
import type { Tracer } from '../../telemetry/span.ts';
import { type Client, LOCAL } from '../clients/client.ts';
import type { FastLane } from '../fast-lane/fast-lane.ts';
import { beginReply, type Exchange, isReading, type Refusal, refuse } from '../http/exchange.ts';
import { isPlainJson, readAccept } from '../http/media-types.ts';
import { type Preferences, readPreferences } from '../http/prefer.ts';
import { readBody } from '../http/read-body.ts';
import { cacheHeaders, type GraphqlCall, replyCacheable } from './call.ts';
import { createGraphqlEngine, type GraphqlEngineOptions } from './engine.ts';
import { traceRequest } from './tracing.ts';

const MAX_BODY_BYTES = 100_000;

const TOO_LARGE: Refusal = {
  httpStatus: 413,
  code: 'PAYLOAD_TOO_LARGE',
  message: `The request body is too large: expected at most ${MAX_BODY_BYTES} bytes.`,
};

const NO_ACCOUNT: Refusal = {
  httpStatus: 403,
  code: 'FORBIDDEN',
  message: 'x-account needs a client key with the scope "ops".',
};

const NOT_ACCEPTABLE: Refusal = {
  httpStatus: 406,
  code: 'BAD_REQUEST',
  message:
    'Accept: expected application/graphql-response+json or application/json; for @defer and @stream multipart/mixed or text/event-stream.',
};

/**
 * Forms, which any page can make a browser send; compressed bodies, which can be a thousand times as large as they look;
 * other character sets, which would be misread.
 */
const NOT_JSON: Refusal = {
  httpStatus: 415,
  code: 'BAD_REQUEST',
  message: 'Content-Type: expected application/json in UTF-8, without Content-Encoding.',
};

export interface GraphqlHandlerOptions extends GraphqlEngineOptions, Omit<LinkIndexLoaderOptions, 'account'> {
  /** Undefined: yoga answers everything. */
  readonly fastLane?: FastLane | undefined;
  /** The longest that a request waits for the upstream. */
  readonly requestWaitMs: number;
  readonly timers: Timers;
  /** Undefined where no traces are made. */
  readonly tracer?: Tracer | undefined;
  /** Called for every request after it has been answered. */
  readonly onCall?: (call: CallSummary) => void;
  /** Called for every request that is refused before it is read. */
  readonly onRejected?: (call: RejectedCall) => void;
}

export interface GraphqlHandler {
  handle(exchange: Exchange, client: Client): Promise<void>;
  /** Ends every wait for the upstream, now and from now on; what is being bought goes on. */
  endWaits(): void;
}

/** GraphQL over HTTP: reads the request, lets yoga answer it, and says what the answer may be kept for and what it cost. */
export function createGraphqlHandler(options: GraphqlHandlerOptions): GraphqlHandler {
  const { fastLane, requestWaitMs, steadyMs, timers, onCall, onRejected, tracer } = options;
  const waits = createWaits();
  const engine = createGraphqlEngine(options);

  async function handle(exchange: Exchange, client: Client): Promise<void> {
    const { request } = exchange;
    const startedMs = steadyMs();
    const span = tracer && traceRequest(tracer, exchange, client);
    const wantsAccount = request.headers['x-account'] === '1';
    if (wantsAccount && !client.scopes.has('ops')) return reject(exchange, NO_ACCOUNT, client);
    if (request.method === 'POST' && !isPlainJson(request.headers)) return reject(exchange, NOT_JSON, client);
    const body = isReading(exchange) ? undefined : await readBody(request, MAX_BODY_BYTES);
    if (body === null) return reject(exchange, TOO_LARGE, client);
    const preferences = readPreferences(request.headers['prefer'], requestWaitMs);
    const planned = span ? undefined : fastLane?.plannedRequest(exchange, preferences, body);
    if (planned && fastLane?.answerFromMemory(exchange, client, planned, startedMs)) return;

    const accepts = readAccept(request.headers.accept);
    if (!accepts.regular && !accepts.incremental) return reject(exchange, NOT_ACCEPTABLE, client);
    using account = openAccount(preferences, client);
    const linkIndexes = createLinkIndexLoader({ ...options, account });
    const state = { hasErrors: false, isIncremental: false };
    const call: GraphqlCall = {
      ...{ exchange, client, account, linkIndexes, wantsAccount, preferences, accepts, span },
      ...state,
    };
    try {
      if (planned && (await fastLane?.answerByReading(call, planned))) return;
      beginReply(exchange);
      await answer(call, body);
    } finally {
      const summary = summaryOf(call, Math.round(steadyMs() - startedMs));
      account.span?.end();
      span?.set({ outcome: summary.outcome, billed_calls: summary.bought });
      onCall?.(summary);
    }
  }

  function reject(exchange: Exchange, refusal: Refusal, { name: client }: Client): void {
    const { requestId } = exchange;
    onRejected?.({ requestId, client, outcome: 'refused', code: refusal.code, durationMs: 0 });
    refuse(exchange, refusal);
  }

  function openAccount({ waitMs, isDryRun }: Preferences, client: Client): RequestAccount {
    return createRequestAccount({
      ...{ waitMs, waits },
      payer: client === LOCAL ? undefined : client,
      mayBuy: !isDryRun,
      timers,
    });
  }

  async function answer(call: GraphqlCall, body: Buffer | undefined): Promise<void> {
    const { exchange, accepts } = call;
    const { request, response } = exchange;
    // No abort signal: a client that leaves ends its own wait, and what was started for it is finished and kept.
    const answered = await engine.fetch(
      new engine.fetchAPI.Request(`http://localhost${request.url}`, {
        method: request.method ?? 'GET',
        headers: {
          ...(request.headers as Record<string, string>),
          ...(body && { 'content-type': 'application/json' }),
          accept: [accepts.regular, accepts.incremental].filter((type) => type !== undefined).join(),
        },
        ...(body !== undefined && { body: body.toString() }),
      }),
      { call },
    );
    if (answered.status === NOT_ACCEPTABLE.httpStatus) return refuse(exchange, NOT_ACCEPTABLE);
    const headers = { ...headersOf(answered), ...cacheHeaders(call) };
    if (answered.body && call.isIncremental) {
      response.writeHead(answered.status, { ...headers, 'x-accel-buffering': 'no' });
      return pipeline(answered.body, response);
    }
    if (answered.status === 200 && !call.hasErrors) fastLane?.learn(call, body, headers['content-type'] ?? '');
    replyCacheable(exchange, answered.status, headers, await answered.text());
  }

  return { handle, endWaits: waits.endAll };
}

function summaryOf({ exchange, client, account, operation, hasErrors }: GraphqlCall, durationMs: number): CallSummary {
  return {
    requestId: exchange.requestId,
    client: client.name,
    operationName: operation?.name,
    query: operation?.query,
    outcome: hasErrors ? 'errors' : 'ok',
    durationMs,
    bought: account.billedCalls,
    saved: account.reads.filter(({ source }) => source !== 'bought' && source !== 'failed').length,
  };
}

/**
 * In lower case, and without what concerns the connection, which is our HTTP server's. Yoga gives SSE the content coding
 * "none", which is not registered: strict proxies and clients refuse it.
 */
function headersOf(answer: Response): Record<string, string> {
  const {
    connection: _,
    'transfer-encoding': __,
    'content-encoding': ___,
    ...headers
  } = Object.fromEntries([...answer.headers].map(([name, value]) => [name.toLowerCase(), value]));
  return headers;
}
