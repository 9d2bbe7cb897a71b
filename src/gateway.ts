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

/** Builds the line from its far end: the paid call, the cache in front of it, the graph, and the HTTP edge. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, clock = Date.now } = options;
  const { target } = config.upstream;
  const isSandbox = target.mode === 'sandbox';
  let readiness: Readiness = 'starting';

  const sandbox = isSandbox ? await startSandbox({ latencyMs: options.sandboxLatencyMs }) : undefined;

  const token = openTokenSource(isSandbox ? { value: 'sandbox' } : target.token, {
    onReloaded: () => log.info('the token was read anew from its file'),
    onRejected: () => log.error('the token file changed and holds no token now; the last good one stays in use'),
  });

  const client = createUpstreamClient({
    baseUrl: sandbox?.baseUrl ?? (target as { baseUrl: string }).baseUrl,
    token: token.current,
    timeoutMs: config.upstream.timeoutMs,
    keepAlive: config.upstream.keepAlive,
  });

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
      graphiql: config.server.graphiql ? createGraphiqlPage({ isSandbox }) : undefined,
      host: config.server.host,
      corsOrigins: config.server.corsOrigins,
      readiness: () => readiness,
      isSandbox,
      log,
    }),
  });
  readiness = 'ready';

  return {
    origin: server.origin,
    async stop() {
      readiness = 'draining';
      await server.close();
      await cache.idle();
      token.close();
      await client.close();
      await sandbox?.close();
    },
  };
}
