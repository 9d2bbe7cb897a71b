import { createLinkIndexCache } from './cache/link-index-cache.ts';
import type { Config } from './config/config.ts';
import { startSandbox } from './sandbox/sandbox-server.ts';
import { createGraphiqlPage } from './server/graphiql-page.ts';
import { createGraphqlHandler } from './server/graphql-handler.ts';
import { startHttpServer } from './server/http-server.ts';
import type { Readiness } from './server/readiness.ts';
import { createRequestListener } from './server/request-listener.ts';
import { logAttempt } from './telemetry/log-attempts.ts';
import type { Logger } from './telemetry/logger.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { ENDPOINTS } from './upstream/endpoints.ts';
import { createPaidSource } from './upstream/paid-source.ts';
import { openTokenSource } from './upstream/token-source.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Milliseconds since the epoch; the system's by default. */
  readonly clock?: () => number;
  /** How long the built-in synthetic upstream takes to answer, in milliseconds. */
  readonly sandboxLatencyMs?: number;
}

export interface Gateway {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  /** Stops listening, answers what is open, lets purchases in flight finish. */
  stop(): Promise<void>;
}

/**
 * Builds the line from its far end: the paid call, the cache in front of it, the graph, and the HTTP edge.
 * What was started is stopped in the opposite order, also when a later step fails to start.
 *
 * @throws TokenFileError when the token file holds no token any more; the error of `listen` when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, clock = Date.now } = options;
  await using starting = new AsyncDisposableStack();
  let readiness: Readiness = 'starting';

  const upstream = await openUpstream(options, starting);

  const client = createUpstreamClient({
    baseUrl: upstream.baseUrl,
    token: upstream.token.current,
    timeoutMs: config.upstream.timeoutMs,
    keepAlive: config.upstream.keepAlive,
  });
  starting.defer(() => client.close());

  const paidSource = createPaidSource({
    client,
    endpoint: ENDPOINTS[config.upstream.endpoint],
    clock,
    onAttempt: (attempt) => logAttempt(log, attempt),
  });

  const cache = createLinkIndexCache({
    source: paidSource,
    lifetimes: { freshMs: config.cache.freshMs, negativeMs: config.cache.negativeMs },
    maxEntries: config.cache.maxEntries,
    clock,
  });
  starting.defer(() => cache.idle());

  const server = await startHttpServer({
    host: config.server.host,
    port: config.server.port,
    listener: createRequestListener({
      graphql: createGraphqlHandler({
        cache,
        maxKolsPerRequest: config.server.maxKolsPerRequest,
        introspection: config.server.introspection,
        log,
      }),
      graphiql: config.server.graphiql ? createGraphiqlPage({ isSandbox: upstream.isSandbox }) : undefined,
      host: config.server.host,
      corsOrigins: config.server.corsOrigins,
      readiness: () => readiness,
      isSandbox: upstream.isSandbox,
      log,
    }),
  });
  starting.defer(() => server.close());

  readiness = 'ready';
  const running = starting.move();
  return {
    origin: server.origin,
    stop() {
      readiness = 'draining';
      return running.disposeAsync();
    },
  };
}

/** Where answers come from: the vendor, or the synthetic upstream, which is started here. */
async function openUpstream({ config, log, sandboxLatencyMs }: GatewayOptions, starting: AsyncDisposableStack) {
  const { target } = config.upstream;
  if (target.mode === 'sandbox') {
    const sandbox = await startSandbox({ latencyMs: sandboxLatencyMs });
    starting.defer(() => sandbox.close());
    return { isSandbox: true, baseUrl: sandbox.baseUrl, token: openTokenSource({ value: 'sandbox' }) };
  }
  const token = openTokenSource(target.token, {
    onReloaded: () => log.info('the token was read anew from its file'),
    onRejected: () => log.error('the token file changed and holds no token now; the last good one stays in use'),
  });
  starting.defer(() => token.close());
  return { isSandbox: false, baseUrl: target.baseUrl, token };
}
