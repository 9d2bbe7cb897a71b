import type { AnswerMemory } from './cache/answer-memory.ts';
import { type Dated, remainingFreshMs } from './cache/entry.ts';
import { createFreshEntries } from './cache/fresh-entries.ts';
import type { LinkIndexCache } from './cache/link-index-cache.ts';
import type { Config } from './config/config.ts';
import { openDoors } from './open-doors.ts';
import type { Telemetry } from './open-telemetry.ts';
import type { Rates } from './server/clients/rates.ts';
import { createFastLane } from './server/fast-lane/fast-lane.ts';
import { createGraphqlHandler } from './server/graphql-handler.ts';
import { startHttpServer } from './server/http-server.ts';
import { createPages } from './server/pages/pages.ts';
import type { Readiness } from './server/readiness.ts';
import { createRequestListener } from './server/request-listener.ts';
import { createWindows, type WindowsOptions } from './server/windows.ts';
import type { Logger } from './telemetry/logger.ts';
import type { LinkIndexFailure, LinkIndexKey } from './upstream/link-index-source.ts';
import type { Timers } from './upstream/timers.ts';

export interface OpenEdgeOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since whenever; never set back. */
  readonly steadyMs: () => number;
  readonly timers: Timers;
  readonly telemetry: Telemetry;
  readonly cache: LinkIndexCache;
  /** What the fast lane answers from. */
  readonly memory: AnswerMemory;
  readonly keyOf: (key: LinkIndexKey) => string;
  readonly rates: Pick<Rates, 'count'>;
  readonly windows: WindowsOptions;
  readonly closing: AsyncDisposableStack;
}

/** Where clients are served: the doors, the graph, and the HTTP server. */
export interface Edge {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  /** Stops listening, and settles when what is open has been answered. */
  close(): Promise<void>;
  /** Ends every wait for the upstream at once, and soon cuts who does not take the answer. */
  forceStop(): void;
}

/** How long answers may take to leave when everything else has ended, in milliseconds. */
const LAST_ANSWERS_MS = 2000;

/** @throws the error of `listen` when the port is taken */
export async function openEdge(options: OpenEdgeOptions): Promise<Edge> {
  const { config, log, clock, steadyMs, timers, telemetry, cache, memory, keyOf, rates, closing } = options;
  const { logFault } = telemetry;
  const { lifetimes } = config.cache;
  const isSandbox = config.upstream.target.mode === 'sandbox';
  let readiness: Readiness = 'starting';

  const { door, trustedDocuments, visitor } = openDoors({ config, log, closing });
  const freshForMs = (outcome: Dated | LinkIndexFailure) => remainingFreshMs(outcome, lifetimes, clock());
  const { maxKolsPerRequest: maxKols, hasFastLane } = config.server;
  const fastLane = hasFastLane
    ? createFastLane({
        fresh: createFreshEntries({ memory, lifetimes, keyOf }),
        ...{ maxKols, clock, steadyMs },
        trusted: trustedDocuments,
        onHits: telemetry.onHits,
        onCall: telemetry.onCall,
      })
    : undefined;
  const graphql = createGraphqlHandler({
    ...config.server,
    ...{ fastLane, cache, freshForMs, trustedDocuments, clock, steadyMs, timers, logFault },
    onRead: telemetry.onRead,
    onCall: telemetry.onCall,
    onTurnedAway: telemetry.onTurnedAway,
    tracer: telemetry.tracer,
  });

  const server = await startHttpServer({
    host: config.server.host,
    port: config.server.port,
    listener: createRequestListener({
      graphql: graphql.handle,
      door,
      rates,
      windows: createWindows(options.windows),
      pages: config.server.graphiql ? createPages({ ...visitor, isSandbox }) : undefined,
      host: config.server.host,
      corsOrigins: config.server.corsOrigins,
      readiness: () => readiness,
      isSandbox,
      onTurnedAway: telemetry.onTurnedAway,
      logFault,
    }),
  });
  readiness = 'ready';

  return {
    origin: server.origin,
    close() {
      readiness = 'draining';
      return server.close();
    },
    forceStop() {
      graphql.endWaits();
      server.cutUnheard();
      // For clients that do not take what they are sent.
      timers.after(LAST_ANSWERS_MS, () => server.destroy());
    },
  };
}
