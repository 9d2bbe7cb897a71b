import type { RequestListener } from 'node:http';
import cors from 'cors';
import type { LogFault, RejectedCall } from '../../telemetry/log-events.ts';
import { type Authenticator, isRefusal } from '../clients/authenticator.ts';
import type { Client } from '../clients/client.ts';
import type { Rates } from '../clients/rates.ts';
import type { Pages } from '../pages/pages.ts';
import { type BrowserGuardOptions, createBrowserGuard } from './browser-guard.ts';
import {
  beginReply,
  type Exchange,
  isReading,
  type Refusal,
  refuse,
  replyJson,
  requestIdOf,
  useOriginForm,
} from './exchange.ts';
import { acceptsHtml } from './media-types.ts';

/** Whether this process should get traffic. */
export type Readiness = 'starting' | 'ready' | 'draining';

export interface RequestListenerOptions extends BrowserGuardOptions {
  readonly graphql: (exchange: Exchange, client: Client) => Promise<void>;
  readonly authenticator: Authenticator;
  readonly rates: Pick<Rates, 'count'>;
  /** The routes for operators by their paths; each needs the scope `ops`. */
  readonly opsRoutes: Readonly<Record<string, (exchange: Exchange) => Promise<void>>>;
  /** The pages for browsers; undefined where they are turned off. */
  readonly pages: Pages | undefined;
  readonly readiness: () => Readiness;
  readonly isSandbox: boolean;
  /** Called for every GraphQL request that is refused before it is read. */
  readonly onRejected?: (call: RejectedCall) => void;
  readonly logFault: LogFault;
}

/** What a page of an origin in `CORS_ORIGINS` may send. */
const CORS_REQUEST_HEADERS = [
  ...['content-type', 'authorization', 'x-api-key', 'prefer', 'x-account'],
  ...['x-request-id', 'traceparent', 'tracestate'],
];

/** What it may read of an answer. */
const CORS_RESPONSE_HEADERS = [
  ...['x-billed-calls', 'x-led-calls', 'x-would-buy', 'preference-applied'],
  ...['retry-after', 'x-request-id', 'x-kol-gateway-mode'],
];

/** Routes every request, and refuses those that need no further work: by their host, origin, key or rate. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { graphql, authenticator, rates, opsRoutes, pages, readiness, isSandbox, onRejected, logFault, corsOrigins } =
    options;
  const guard = createBrowserGuard(options);
  const setCorsHeaders = cors({
    origin: [...corsOrigins],
    methods: ['GET', 'POST'],
    allowedHeaders: CORS_REQUEST_HEADERS,
    exposedHeaders: CORS_RESPONSE_HEADERS,
    maxAge: 86_400,
  });

  async function routeOther(exchange: Exchange, path: string): Promise<void> {
    beginReply(exchange);
    switch (path) {
      case '/livez':
        return replyJson(exchange, 200, { status: 'alive' });
      case '/readyz':
        return replyJson(exchange, readiness() === 'ready' ? 200 : 503, { status: readiness() });
      case '/':
        if (pages && isPageVisit(exchange)) return pages.start(exchange);
    }
    const opsRoute = Object.hasOwn(opsRoutes, path) ? opsRoutes[path] : undefined;
    if (opsRoute && isReading(exchange)) return serveOps(exchange, opsRoute);
    if (pages && isReading(exchange) && (await pages.documents(exchange, path))) return;
    refuse(exchange, { httpStatus: 404, code: 'NOT_FOUND', message: 'Nothing is here. GraphQL is at /graphql.' });
  }

  // Not async, like what it calls up to the reading of the body: each step would add a promise and its turns to every hit.
  function serveGraphql(exchange: Exchange): Going {
    const { request, response } = exchange;
    if (pages && isPageVisit(exchange)) {
      beginReply(exchange);
      return pages.graphiql(exchange);
    }
    const refusal = guard.refuseCrossSite(request.headers);
    if (refusal) return refuse(exchange, refusal);
    if (request.headers.origin === undefined && request.method !== 'OPTIONS') return answer(exchange);
    beginReply(exchange);
    // Ends a preflight by itself, and calls back for every other request.
    setCorsHeaders(request, response, () => follow(exchange, answer));
  }

  function answer(exchange: Exchange): Going {
    const client = authenticator.authenticate(exchange.request.headers);
    if (isRefusal(client)) return reject(exchange, client, 'none');
    const counting = rates.count(client);
    return counting
      ? counting.then((refusal) => answerClient(exchange, client, refusal))
      : answerClient(exchange, client);
  }

  function answerClient(exchange: Exchange, client: Client, refusal?: Refusal): Going {
    return refusal ? reject(exchange, refusal, client.name) : graphql(exchange, client);
  }

  function reject(exchange: Exchange, refusal: Refusal, client: string): void {
    const { requestId } = exchange;
    onRejected?.({ requestId, client, outcome: 'refused', code: refusal.code, durationMs: 0 });
    refuse(exchange, refusal);
  }

  async function serveOps(exchange: Exchange, route: (exchange: Exchange) => Promise<void>): Promise<void> {
    const { headers } = exchange.request;
    const client = authenticator.authenticate(headers);
    const refusal = guard.refuseCrossSite(headers) ?? (isRefusal(client) ? client : refuseWithoutOps(client));
    return refusal ? refuse(exchange, refusal) : route(exchange);
  }

  function failed(exchange: Exchange, error: unknown): void {
    const { response, requestId } = exchange;
    if (response.destroyed) return; // the client went away
    logFault(error, { requestId });
    if (response.headersSent) response.destroy();
    else refuse(exchange, { httpStatus: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' });
  }

  /** Whatever goes wrong on the way is said to the client. */
  function follow(exchange: Exchange, step: (exchange: Exchange) => Going): void {
    try {
      step(exchange)?.catch((error: unknown) => failed(exchange, error));
    } catch (error) {
      failed(exchange, error);
    }
  }

  return (request, response) => {
    useOriginForm(request);
    const requestId = requestIdOf(request.headers);
    const headers: Record<string, string> = { 'x-request-id': requestId };
    if (isSandbox) headers['x-kol-gateway-mode'] = 'sandbox';
    if (readiness() === 'draining') headers['connection'] = 'close';
    const exchange: Exchange = { request, response, requestId, headers };
    const refusal = guard.refuseForeignHost(request.headers);
    if (refusal) return refuse(exchange, refusal);
    const path = request.url?.split('?', 1)[0] ?? '';
    follow(exchange, path === '/graphql' ? serveGraphql : () => routeOther(exchange, path));
  };
}

/** What is still going on; nothing where all of it is done. */
type Going = Promise<void> | void;

function refuseWithoutOps({ scopes }: Client): Refusal | undefined {
  if (scopes.has('ops')) return undefined;
  return { httpStatus: 403, code: 'FORBIDDEN', message: 'This needs a client key with the scope "ops".' };
}

/** A browser that goes to an address, as opposed to a page's script or a program that asks for data. */
function isPageVisit(exchange: Exchange): boolean {
  return isReading(exchange) && acceptsHtml(exchange.request.headers.accept);
}
