import { cacheKeyOf, createLinkIndexCache } from './cache/cache.ts';
import { remainingFreshMs } from './cache/entry.ts';
import { createFreshEntries } from './cache/fresh-entries.ts';
import { createAnswerMemory } from './cache/memory.ts';
import { createWriteBehindStore, noOpStore } from './cache/write-behind.ts';
import type { Config } from './config/config.ts';
import { ENDPOINT_NAMES, type EndpointName, type LinkIndexKey } from './domain/link-index.ts';
import { systemTimers, type Timers } from './domain/time.ts';
import { openTelemetry } from './open-telemetry.ts';
import { createGatewayStates } from './sandbox/gateway-states.ts';
import { openUpstreamOrigin } from './sandbox/upstream-origin.ts';
import { createAuthenticator } from './server/clients/authenticator.ts';
import { createRates } from './server/clients/rates.ts';
import { createFastLane } from './server/fast-lane/fast-lane.ts';
import { createGraphqlHandler } from './server/graphql/handler.ts';
import { openTrustedDocuments } from './server/graphql/trusted-documents.ts';
import { startHttpServer } from './server/http/http-server.ts';
import { createOpsRoutes } from './server/http/ops-routes.ts';
import { createRequestListener, type Readiness } from './server/http/request-listener.ts';
import { createPages } from './server/pages/pages.ts';
import { openStores } from './stores/open-stores.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Samples } from './telemetry/metrics.ts';
import { readBalance } from './upstream/account/balance.ts';
import { startBalanceReader, toldReading } from './upstream/account/balance-reader.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { createEndpointChoice, ENDPOINTS } from './upstream/endpoints.ts';
import { remainingOf } from './upstream/ledger/ledger.ts';
import { createPipeline } from './upstream/pipeline.ts';
import { budgetExhausted } from './upstream/policies/budget.ts';
import { createPaidSource } from './upstream/source.ts';
import { accountOf } from './upstream/token-source.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly identity: ProcessIdentity;
  /** Milliseconds since the epoch. Default: the system's. */
  readonly clock?: () => number;
  /** Milliseconds from any start, never set back. Default: `clock` where that is given, else the process's own. */
  readonly steadyMs?: () => number;
  readonly timers?: Timers;
  /** Numbers from 0 to 1 for jitter. Default: the system's. */
  readonly random?: () => number;
  /** How long the built-in synthetic upstream takes to answer, in milliseconds. */
  readonly sandboxLatencyMs?: number;
  /** What `/metrics` answers, in Prometheus's text format. Default: this process's own metrics. */
  readonly metricsText?: () => Promise<string>;
}

/** A gateway as a program runs it: this process, or several. */
export interface RunningGateway {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  /**
   * Stops listening, answers what is open, lets calls in flight finish and stores what they bring; starts no new call.
   * @returns what was lost, in words; as a rule nothing
   */
  stop(): Promise<readonly string[]>;
  /** Whether, after `stop`, a part of it does not end, so that only a kill ends the process. */
  readonly isStuck: boolean;
  /** Ends every wait at once and abandons the calls in flight, each booked as perhaps billed. `stop` still stores what has arrived. */
  forceStop(): void;
}

/** A gateway in this process. */
export interface Gateway extends RunningGateway {
  /** Its metrics as data, for adding up those of several processes. */
  samples(): Promise<Samples>;
}

/** How long answers may take to leave after everything else has ended, in milliseconds. */
const LAST_ANSWERS_MS = 2000;

/**
 * The composition root: every part of a gateway, from the paid call to the HTTP server. What was started is stopped in
 * the opposite order, also when a later part fails to start. All of it is in this process, whatever `config.workers` says.
 *
 * @throws TokenFileError when the token file holds no token any more; StoreInUseError when another process has the SQLite file;
 * the error of `listen` when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, identity, sandboxLatencyMs } = options;
  const { clock = Date.now, timers = systemTimers, random = Math.random } = options;
  const { steadyMs = options.clock ?? performance.now.bind(performance) } = options;
  const { dailyBudget, balanceIntervalMs } = config.upstream;
  const { lifetimes, maxEntries } = config.cache;
  await using closing = new AsyncDisposableStack();

  // Telemetry. What it reads at a scrape is there by then.
  const telemetry = await openTelemetry({
    ...{ config, log, identity, steadyMs, timers, closing },
    sources: {
      endpoints: ENDPOINT_NAMES,
      endpoint: () => endpoints.current().name,
      inFlight: () => pipeline.inFlight,
      queued: () => pipeline.queued,
      openBreakers: () => pipeline.openBreakers(),
      budgetRemaining: () => remainingOf(stores.ledger.today(), dailyBudget),
      budgetLimit: dailyBudget,
      clockOffsetMs: config.cache.store.kind === 'redis' ? () => stores.shared?.clockOffsetMs() : undefined,
      balance:
        balanceIntervalMs === undefined ? undefined : { intervalMs: balanceIntervalMs, last: () => balance?.last },
    },
  });
  const { metrics, logFault, onStoreError: onError } = telemetry;

  // The upstream: the vendor, or the synthetic one.
  const onNewToken = () => {
    pipeline.forgiveAccount();
    balance?.restart();
  };
  const upstream = await openUpstreamOrigin({ ...config.upstream, log, sandboxLatencyMs, onNewToken, closing });
  const client = createUpstreamClient({
    ...config.upstream,
    baseUrl: upstream.baseUrl,
    token: upstream.token.current,
  });
  closing.defer(() => client.close());
  const endpoints = createEndpointChoice(upstream.endpoint, () => {
    log.warn('the upstream endpoint kol-link-info is gone; its successor author-link-info is asked from now on');
  });

  // Memory and stores.
  const memory = createAnswerMemory({ maxEntries, lifetimes, clock });
  const stores = await openStores({
    ...{ config, log, identity, clock, timers, onError, closing },
    account: () => accountOf(upstream.token.current()),
    endpoint: () => endpoints.current().name,
    // A key that is not in memory is read from the store when a request names it.
    isRemembered: (cacheKey) => memory.peek(cacheKey) !== undefined,
    onBought(cacheKey, outcome) {
      if (memory.peek(cacheKey)) memory.merge(cacheKey, outcome);
    },
  });
  const store = stores.answers
    ? createWriteBehindStore({ store: stores.answers, timers, maxUnsaved: maxEntries, onError })
    : noOpStore;

  // The steps around a paid call, and the cache in front of them.
  const pipeline = createPipeline({
    ...config.upstream,
    source: createPaidSource({ client, endpoints, clock, steadyMs, onAttempt: telemetry.onAttempt }),
    ledger: stores.ledger,
    clients: stores.clients,
    pace: stores.shared?.pace,
    pauses: stores.shared?.pauses,
    hasBreakers: !upstream.isSandbox,
    ...{ clock, steadyMs, timers, random },
  });
  const keyOf = (key: LinkIndexKey, endpoint?: EndpointName) =>
    cacheKeyOf(key, endpoint ? ENDPOINTS[endpoint] : endpoints.current());
  const paidCache = createLinkIndexCache({
    ...{ source: pipeline, refusal: pipeline.refusal, memory, store, lifetimes, clock, keyOf },
    leases: stores.shared?.leases,
  });
  const states = upstream.isSandbox
    ? createGatewayStates({
        ...{ cache: paidCache, memory, keyOf, lifetimes, clock, timers },
        budgetExhausted: () => budgetExhausted(stores.ledger),
      })
    : undefined;
  const cache = states?.cache ?? paidCache;

  // The account's balance.
  const balance =
    balanceIntervalMs === undefined
      ? undefined
      : startBalanceReader({
          intervalMs: balanceIntervalMs,
          read: () => readBalance(client),
          shared: stores.shared?.balance,
          ...{ clock, steadyMs, timers },
          onChange: telemetry.onBalanceChange,
          onStoreError: (error) => onError('balance', error),
        });
  closing.defer(() => balance?.stop());

  // Clients: who they are, how often they may ask, and with which documents.
  const authenticator = createAuthenticator({
    keyFile: config.server.clientKeysFile,
    allowAnonymous: config.server.allowAnonymous,
    onReloaded: () => log.info('the client keys were read anew from their file'),
    onRejected: (error) =>
      log.error({ err: error }, 'the key file changed and is none now; the last good keys stay in use'),
  });
  closing.defer(() => authenticator.close());
  const rates = createRates({ shared: stores.shared?.rates, store: stores.rates, clock, timers, onError });
  closing.defer(() => rates.close());
  await rates.load();
  const trusted = openTrustedDocuments(config.server.trustedDocuments, {
    onReloaded: () => log.info('the trusted documents were read anew from their file'),
    onRejected: (error) =>
      log.error({ err: error }, 'the file of trusted documents is none now; the last good ones stay'),
  });
  closing.defer(() => trusted?.close());

  // GraphQL: the fast lane for what is cached, yoga for everything.
  const fastLane = config.server.hasFastLane
    ? createFastLane({
        fresh: createFreshEntries({ memory, lifetimes, keyOf }),
        ...{ maxKols: config.server.maxKolsPerRequest, clock, steadyMs, trusted },
        onHits: telemetry.onHits,
        onCall: telemetry.onCall,
      })
    : undefined;
  const graphql = createGraphqlHandler({
    ...config.server,
    ...{ fastLane, cache, clock, steadyMs, timers, logFault },
    trustedDocuments: trusted,
    freshForMs: (outcome) => remainingFreshMs(outcome, lifetimes, clock()),
    onRead: telemetry.onRead,
    onCall: telemetry.onCall,
    onRejected: telemetry.onRejected,
    tracer: telemetry.tracer,
  });

  // HTTP.
  const { anonymousClient } = authenticator;
  const pages = config.server.graphiql
    ? createPages({
        isSandbox: upstream.isSandbox,
        needsKey: anonymousClient === undefined,
        isSchemaPublic: config.server.introspection && anonymousClient?.scopes.has('introspect') === true,
      })
    : undefined;
  const opsRoutes = createOpsRoutes({
    contentType: metrics.contentType,
    text: options.metricsText ?? metrics.text,
    async account() {
      const today = stores.ledger.today();
      return {
        ...today,
        timeZone: config.upstream.budgetTimeZone,
        budget: dailyBudget ?? null,
        remaining: remainingOf(today, dailyBudget) ?? null,
        clients: stores.clients.today(),
        balance: balance?.last ? toldReading(balance.last) : null,
      };
    },
  });
  let readiness: Readiness = 'starting';
  const server = await startHttpServer({
    ...config.server,
    listener: createRequestListener({
      ...config.server,
      ...{ authenticator, rates, opsRoutes, pages, logFault },
      graphql: graphql.handle,
      readiness: () => readiness,
      isSandbox: upstream.isSandbox,
      onRejected: telemetry.onRejected,
    }),
  });
  readiness = 'ready';

  function startNoCall(): void {
    states?.stop();
    pipeline.stop();
    balance?.stop();
  }

  const running = closing.move();
  const losses: string[] = [];
  let isForced = false;
  let isStuck = false;
  return {
    origin: server.origin,
    samples: metrics.samples,
    get isStuck() {
      return isStuck;
    },
    async stop() {
      startNoCall();
      readiness = 'draining';
      await server.close();
      // No request is left that another replica's purchase would answer.
      stores.shared?.leases.stop();
      await cache.idle();
      const unsavedCount = await store.close();
      if (unsavedCount > 0) losses.push(`answers that the store did not take: ${unsavedCount}`);
      await running.disposeAsync().catch((error: unknown) => {
        isStuck = true;
        log.error({ err: error }, 'a part of the gateway does not end');
      });
      return losses;
    },
    forceStop() {
      if (isForced) return;
      isForced = true;
      startNoCall();
      graphql.endWaits();
      server.cutUnheard();
      // For clients that do not read their answer.
      timers.after(LAST_ANSWERS_MS, () => server.destroy());
      if (pipeline.inFlight > 0) losses.push(`calls in flight, perhaps billed: ${pipeline.inFlight}`);
      client.close().catch(() => {});
    },
  };
}
