import { cacheKeyOf, createLinkIndexCache } from './cache/cache.ts';
import { createAnswerMemory } from './cache/memory.ts';
import { createWriteBehindStore, noOpStore } from './cache/write-behind.ts';
import type { Config } from './config/config.ts';
import type { LinkIndexKey } from './domain/link-index.ts';
import { ENDPOINT_NAMES, type EndpointName } from './domain/link-index.ts';
import type { Timers } from './domain/time.ts';
import { openRates } from './open-doors.ts';
import { openTelemetry } from './open-telemetry.ts';
import { openUpstream } from './open-upstream.ts';
import { createGatewayStates } from './sandbox/gateway-states.ts';
import { openStores } from './stores/open-stores.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import { readBalance } from './upstream/account/balance.ts';
import { startBalanceReader, toldReading } from './upstream/account/balance-reader.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { createEndpointChoice } from './upstream/endpoint-choice.ts';
import { ENDPOINTS } from './upstream/endpoints.ts';
import { remainingOf } from './upstream/ledger.ts';
import { createShield } from './upstream/pipeline.ts';
import { budgetExhausted } from './upstream/policies/budgeted.ts';
import { createPaidSource } from './upstream/source.ts';
import { accountOf } from './upstream/token-source.ts';

export interface OpenPurchasingOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly identity: ProcessIdentity;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since whenever; never set back. */
  readonly steadyMs: () => number;
  readonly timers: Timers;
  readonly random: () => number;
  readonly sandboxLatencyMs?: number | undefined;
  readonly closing: AsyncDisposableStack;
}

/**
 * From the paid call to the cache in front of it.
 * @throws TokenFileError when the token file holds no token any more; StoreInUseError when another process has the SQLite file
 */
export async function openPurchasing(options: OpenPurchasingOptions) {
  const { config, log, identity, clock, timers, random, steadyMs, sandboxLatencyMs, closing } = options;
  const { dailyBudget, balanceIntervalMs } = config.upstream;
  const telemetry = await openTelemetry({
    ...{ config, log, identity, steadyMs, timers, closing },
    sources: {
      endpoints: ENDPOINT_NAMES,
      endpoint: () => endpoints.current().name,
      inFlight: () => shield.inFlight,
      queued: () => shield.queued,
      openBreakers: () => shield.openBreakers(),
      budgetRemaining: () => remainingOf(stores.ledger.today(), dailyBudget),
      budgetLimit: dailyBudget,
      clockOffsetMs: config.cache.store.kind === 'redis' ? () => stores.shared?.clockOffsetMs() : undefined,
      balance:
        balanceIntervalMs === undefined ? undefined : { intervalMs: balanceIntervalMs, last: () => balance?.last },
    },
  });
  const onNewToken = () => {
    shield.forgiveAccount();
    balance?.restart();
  };
  const upstream = await openUpstream({ config, log, sandboxLatencyMs, onNewToken, closing });

  const client = createUpstreamClient({
    baseUrl: upstream.baseUrl,
    token: upstream.token.current,
    timeoutMs: config.upstream.timeoutMs,
    keepAlive: config.upstream.keepAlive,
  });
  closing.defer(() => client.close());

  const endpoints = createEndpointChoice(upstream.endpoint, () => {
    log.warn('the upstream endpoint kol-link-info is gone; its successor author-link-info is asked from now on');
  });
  const { lifetimes, maxEntries } = config.cache;
  const memory = createAnswerMemory({ maxEntries, lifetimes, clock });
  const onError = telemetry.onStoreError;
  const stores = await openStores({
    ...{ config, log, identity, clock, timers, onError, closing },
    account: () => accountOf(upstream.token.current()),
    endpoint: () => endpoints.current().name,
    // What is not in memory is found in the store when it is asked for.
    isRemembered: (cacheKey) => memory.peek(cacheKey) !== undefined,
    onBought(cacheKey, outcome) {
      if (memory.peek(cacheKey)) memory.merge(cacheKey, outcome);
    },
  });
  const paidSource = createPaidSource({ client, endpoints, clock, steadyMs, onAttempt: telemetry.onAttempt });

  const shield = createShield({
    ...config.upstream,
    source: paidSource,
    ledger: stores.ledger,
    clients: stores.clients,
    pace: stores.shared?.pace,
    pauses: stores.shared?.pauses,
    hasBreakers: !upstream.isSandbox,
    ...{ clock, steadyMs, timers, random },
  });

  const keyOf = (key: LinkIndexKey, endpoint?: EndpointName) =>
    cacheKeyOf(key, endpoint ? ENDPOINTS[endpoint] : endpoints.current());
  const { answers } = stores;
  const store = answers
    ? createWriteBehindStore({ store: answers, timers, maxUnsaved: maxEntries, onError })
    : noOpStore;
  const paidCache = createLinkIndexCache({
    ...{ source: shield, refusal: shield.refusal, memory, store, lifetimes, clock, keyOf },
    leases: stores.shared?.leases,
  });
  const states = upstream.isSandbox
    ? createGatewayStates({
        ...{ cache: paidCache, memory, keyOf, lifetimes, clock, timers },
        budgetExhausted: () => budgetExhausted(stores.ledger),
      })
    : undefined;
  const cache = states?.cache ?? paidCache;
  const rates = await openRates({ stores, clock, timers, onError, closing });

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

  return {
    ...{ telemetry, memory, cache, keyOf, rates },
    /** Today's ledger, as operators see it. */
    account() {
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
    /** Starts no new call from now on. */
    stop() {
      states?.stop();
      shield.stop();
      balance?.stop();
    },
    /** Lets calls in flight end, when nobody asks any more. @returns what was lost, in words */
    async finish(): Promise<readonly string[]> {
      // Nobody is left who would be answered with what another replica buys.
      stores.shared?.leases.stop();
      await cache.idle();
      const unsavedCount = await store.close();
      return unsavedCount > 0 ? [`answers that the store did not take: ${unsavedCount}`] : [];
    },
    /** Abandons the calls in flight. @returns what was lost, in words */
    abandon(): readonly string[] {
      const { inFlight } = shield;
      client.close().catch(() => {});
      return inFlight > 0 ? [`calls in flight, perhaps billed: ${inFlight}`] : [];
    },
  };
}
