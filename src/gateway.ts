import { createAnswerMemory } from './cache/answer-memory.ts';
import { cacheKeyOf } from './cache/cache-key.ts';
import { remainingFreshMs } from './cache/entry.ts';
import { createFreshEntries } from './cache/fresh-entries.ts';
import { createLinkIndexCache } from './cache/link-index-cache.ts';
import { createPatientStore } from './cache/patient-store.ts';
import { createPurchases } from './cache/purchases.ts';
import type { Config } from './config/config.ts';
import { openDoors } from './open-doors.ts';
import { openTelemetry } from './open-telemetry.ts';
import { openUpstream } from './open-upstream.ts';
import { createFastLane } from './server/fast-lane/fast-lane.ts';
import { createGraphqlHandler } from './server/graphql-handler.ts';
import { startHttpServer } from './server/http-server.ts';
import { createPages } from './server/pages/pages.ts';
import type { Readiness } from './server/readiness.ts';
import { createRequestListener } from './server/request-listener.ts';
import { createWindows } from './server/windows.ts';
import { openStores } from './stores/open-stores.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import { createAdjustableClock } from './upstream/adjustable-clock.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { createEndpointChoice } from './upstream/endpoint-choice.ts';
import { ENDPOINT_NAMES, ENDPOINTS, type EndpointName } from './upstream/endpoints.ts';
import { remainingOf } from './upstream/ledger.ts';
import type { LinkIndexKey, LinkIndexOutcome } from './upstream/link-index-source.ts';
import { createPaidSource } from './upstream/paid-source.ts';
import { createShield } from './upstream/shield.ts';
import { systemTimers, type Timers } from './upstream/timers.ts';
import { accountOf } from './upstream/token-source.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly identity: ProcessIdentity;
  /** Milliseconds since the epoch; the system's by default. */
  readonly clock?: () => number;
  readonly timers?: Timers;
  /** Numbers from 0 to 1 for jitter; the system's by default. */
  readonly random?: () => number;
  /** How long the built-in synthetic upstream takes to answer, in milliseconds. */
  readonly sandboxLatencyMs?: number;
}

export interface Gateway {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  /**
   * Stops listening, answers what is open, lets calls in flight finish and stores what they bring; starts no new call.
   * @returns what was lost, in words; nothing, as a rule
   */
  stop(): Promise<readonly string[]>;
  /** Whether, after `stop`, a part of it does not end, so that only a kill ends the process. */
  readonly isStuck: boolean;
  /** Ends every wait at once and abandons the calls in flight, each booked as perhaps billed. `stop` still stores what has arrived. */
  hurry(): void;
}

/** How long answers may take to leave when everything else has ended, in milliseconds. */
const HURRY_MS = 2000;

/**
 * Builds the line from its far end: the paid call, the shield around it, the cache in front of it, the graph, and the
 * HTTP edge. What was started is stopped in the opposite order, also when a later step fails to start.
 *
 * @throws TokenFileError when the token file holds no token any more; the error of `listen` when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, identity, sandboxLatencyMs } = options;
  const { timers = systemTimers, random = Math.random } = options;
  const adjustableClock = createAdjustableClock(options.clock ?? Date.now);
  const clock = adjustableClock.nowMs;
  await using starting = new AsyncDisposableStack();
  let readiness: Readiness = 'starting';

  const { dailyBudget } = config.upstream;
  const telemetry = await openTelemetry({
    ...{ config, log, identity, clock, timers, closing: starting },
    sources: {
      endpoints: ENDPOINT_NAMES,
      endpoint: () => endpoints.current().name,
      inFlight: () => shield.inFlight,
      queued: () => shield.queued,
      openBreakers: () => shield.openBreakers(),
      budgetRemaining: () => remainingOf(stores.ledger.today(), dailyBudget),
      budgetLimit: dailyBudget,
    },
  });
  const { logFault } = telemetry;
  const onNewToken = () => shield.forgiveAccount();
  const upstream = await openUpstream({ config, log, sandboxLatencyMs, onNewToken, closing: starting });

  const client = createUpstreamClient({
    baseUrl: upstream.baseUrl,
    token: upstream.token.current,
    timeoutMs: config.upstream.timeoutMs,
    keepAlive: config.upstream.keepAlive,
  });
  starting.defer(() => client.close());

  const endpoints = createEndpointChoice(upstream.endpoint, () =>
    log.warn('the upstream endpoint kol-link-info is gone; its successor author-link-info is asked from now on'),
  );
  const { lifetimes, maxEntries } = config.cache;
  const memory = createAnswerMemory({ maxEntries, lifetimes, clock });
  const onError = telemetry.onStoreError;
  const stores = await openStores({
    ...{ config, log, identity, onError, closing: starting },
    clock: adjustableClock,
    account: () => accountOf(upstream.token.current()),
    endpoint: () => endpoints.current().name,
    // What is not in this memory is found in the store when it is asked for.
    isRemembered: (cacheKey) => memory.has(cacheKey),
    onBought: memory.recall,
  });
  const paidSource = createPaidSource({ client, endpoints, clock, onAttempt: telemetry.onAttempt });

  const shield = createShield({
    ...config.upstream,
    source: paidSource,
    ledger: stores.ledger,
    clients: stores.clients,
    pace: stores.shared?.pace,
    pauses: stores.shared?.pauses,
    hasBreakers: !upstream.isSandbox,
    clock,
    steadyMs: options.clock ?? performance.now.bind(performance),
    timers,
    random,
  });

  const keyOf = (key: LinkIndexKey, endpoint?: EndpointName) =>
    cacheKeyOf(key, endpoint ? ENDPOINTS[endpoint] : endpoints.current());
  const store = createPatientStore({ store: stores.answers, timers, maxUnsaved: maxEntries, onError });
  const purchases = createPurchases({
    ...{ source: shield, memory, store, lifetimes, clock, keyOf },
    leases: stores.shared?.leases,
  });
  const cache = createLinkIndexCache({ memory, store, purchases, refusal: shield.refusal, lifetimes, clock, keyOf });

  const { door, rates, trustedDocuments, visitor } = await openDoors({
    ...{ config, log, stores, clock, timers, onError, closing: starting },
  });
  const freshForMs = (outcome: LinkIndexOutcome) => remainingFreshMs(outcome, lifetimes, clock());
  const { maxKolsPerRequest: maxKols, hasFastLane } = config.server;
  const fastLane = hasFastLane
    ? createFastLane({
        fresh: createFreshEntries({ memory, lifetimes, clock, keyOf }),
        freshForMs: ({ answer }) => freshForMs(answer),
        ...{ maxKols, clock },
        trusted: trustedDocuments,
        onHits: telemetry.onHits,
        onCall: telemetry.onCall,
      })
    : undefined;
  const graphql = createGraphqlHandler({
    ...config.server,
    fastLane,
    cache,
    freshForMs,
    trustedDocuments,
    clock,
    timers,
    onRead: telemetry.onRead,
    onCall: telemetry.onCall,
    logFault,
    tracer: telemetry.tracer,
  });

  const server = await startHttpServer({
    host: config.server.host,
    port: config.server.port,
    listener: createRequestListener({
      graphql: graphql.handle,
      door,
      rates,
      windows: createWindows({ ...stores, metrics: telemetry.metrics, dailyBudget }),
      pages: config.server.graphiql ? createPages({ ...visitor, isSandbox: upstream.isSandbox }) : undefined,
      host: config.server.host,
      corsOrigins: config.server.corsOrigins,
      readiness: () => readiness,
      isSandbox: upstream.isSandbox,
      onTurnedAway: telemetry.onTurnedAway,
      logFault,
    }),
  });

  readiness = 'ready';
  const running = starting.move();
  const losses: string[] = [];
  let isHurrying = false;
  let isStuck = false;
  return {
    origin: server.origin,
    get isStuck() {
      return isStuck;
    },
    async stop() {
      readiness = 'draining';
      shield.stop();
      await server.close();
      // Nobody is left who would be answered with what another replica buys.
      stores.shared?.leases.stop();
      await purchases.idle();
      const unsavedCount = await store.close();
      if (unsavedCount > 0) losses.push(`answers that the store did not take: ${unsavedCount}`);
      await running.disposeAsync().catch((error: unknown) => {
        isStuck = true;
        log.error({ err: error }, 'a part of the gateway does not end');
      });
      return losses;
    },
    hurry() {
      if (isHurrying) return;
      isHurrying = true;
      if (shield.inFlight > 0) losses.push(`calls in flight, perhaps billed: ${shield.inFlight}`);
      shield.stop();
      graphql.endWaits();
      client.close().catch(() => {});
      server.cutUnheard();
      // For clients that do not take what they are sent.
      timers.after(HURRY_MS, () => server.destroy());
    },
  };
}
