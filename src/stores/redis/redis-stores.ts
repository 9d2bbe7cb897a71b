import type { Config } from '../../config/config.ts';
import type { RedisLocation } from '../../config/redis-location.ts';
import { parseJson } from '../../domain/parse-json.ts';
import { systemTimers, within } from '../../domain/time.ts';
import { daysIn } from '../../domain/zone-days.ts';
import { createThrottle } from '../../telemetry/log-events.ts';
import type { DaySpending } from '../../upstream/ledger/ledger.ts';
import { createClientLedgers } from '../../upstream/ledger/ledger.ts';
import { createStoredLedger, type StoredLedger } from '../../upstream/ledger/stored-ledger.ts';
import { type OpenStoresOptions, START_PATIENCE_MS, type Stores, scopeOf } from '../stores.ts';
import { createTimeZoneLog } from '../time-zone-log.ts';
import { createRedisAnswerStore } from './answers-in-redis.ts';
import { type BalanceUpdate, createRedisBalance } from './balance.ts';
import { createRedisKeys } from './keys.ts';
import { createRedisLeases, type FlightUpdate } from './leases.ts';
import { openRedisLink } from './link.ts';
import { createRedisPace } from './pace.ts';
import { createRedisPauses, type PauseUpdate } from './pauses.ts';
import { createRedisRates } from './rates.ts';
import { joinReplicas } from './replicas.ts';
import { createRedisSpendingStore } from './spending.ts';

/** Beyond an attempt's own deadline, so that a lease outlives every attempt, in milliseconds. */
const LEASE_MARGIN_MS = 5000;
/** A replica that was not heard of for so long has lost its calls in flight, in seconds. */
const ABANDONED_SECONDS = 60;

/** Everything in Redis or Valkey, shared by all replicas. */
export async function openRedisStores(location: RedisLocation, options: OpenStoresOptions): Promise<Stores> {
  const { config, log, clock, identity, account, endpoint, isRemembered, onBought, closing, onError } = options;
  const { timeoutMs, dailyBudget, budgetTimeZone, maxPerSecond, balanceIntervalMs: intervalMs } = config.upstream;
  const days = daysIn(budgetTimeZone);
  const utcDays = daysIn('UTC');
  const timeZoneLog = createTimeZoneLog(budgetTimeZone, log);
  const steadyMs = performance.now.bind(performance);
  const owner = identity.name;
  const keys = createRedisKeys(scopeOf(config));
  const link = openRedisLink({
    location,
    probeKey: keys.probe,
    onError: (error) => onError('connect', error),
    onUp: () => void beat(),
    within: (ms, promise) => within(systemTimers, ms, promise),
  });
  closing.defer(() => link.close());
  const onceAMinute = createThrottle(steadyMs);

  const replicas = joinReplicas({
    ...{ link, keys, owner, timeZone: budgetTimeZone, clock, steadyMs },
    onClockOff: (offsetMs) =>
      onceAMinute('clock', () => log.warn({ offsetMs }, "this machine's clock differs from the store's")),
    utcDayKeys() {
      const { before, after } = utcDays.nearestTo(clock());
      return [keys.spent(before), keys.spent(after)];
    },
    onTimeZoneBefore: timeZoneLog.noteStored,
    onTimeZones: timeZoneLog.noteReplicas,
    onBeat: catchUp,
    onError: (error) => onError('beat', error),
  });
  closing.defer(() => replicas.close());
  const clockOffsetMs = () => replicas.clockOffsetMs;
  const common = { link, keys, timers: systemTimers, onError };
  const beat = () => replicas.beat().catch((error: unknown) => onError('beat', error));
  const sharers = () => config.replicas ?? replicas.count;

  const ledgers = new Set<StoredLedger>();
  const openLedger = (client?: string, budget?: number) => {
    const spendingStore = createRedisSpendingStore({ link, keys, client, owner });
    const mayStartBlind = config.replicas !== undefined;
    const ledger = createStoredLedger({
      ...{ spendingStore, dailyBudget: budget, days, sharers, mayStartBlind },
      ...{ clock, timers: systemTimers, onError },
    });
    ledgers.add(ledger);
    return ledger;
  };
  const ledger = openLedger(undefined, dailyBudget);
  closing.defer(() => ledger.close());
  const clients = createClientLedgers((client) => openLedger(client));
  closing.defer(() => clients.close());

  const abandon = (flight: string, silentSeconds = 0) =>
    link.script('kolgwAbandon', [keys.reservations, keys.replicas, keys.abandoned, keys.sweep], flight, silentSeconds);
  const leases = createRedisLeases({
    ...common,
    owner,
    leaseMs: timeoutMs + LEASE_MARGIN_MS,
    clockOffsetMs,
    abandon,
    isRemembered,
    onBought,
  });
  const fieldOf = (name: string) => `${name}:${account()}${name === 'endpoint' ? `:${endpoint()}` : ''}`;
  const pauses = createRedisPauses({ link, keys, fieldOf, steadyMs, onError });
  const balance =
    intervalMs === undefined ? undefined : createRedisBalance({ link, keys, intervalMs, account, clockOffsetMs });

  /** What others have done meanwhile, for a message may be lost. */
  async function catchUp(): Promise<void> {
    const gone = (await abandon('', ABANDONED_SECONDS)) as readonly string[];
    if (gone.length > 0) log.warn({ calls: gone.length }, 'calls of replicas that are gone; counted as perhaps billed');
    await Promise.all([pauses.refresh(), ...[...ledgers].map((each) => each.load())]);
  }

  link.subscribe(keys.updates, (message) => {
    const update = parseUpdate(message);
    if (update?.[0] === 'flight') leases.onMessage(update);
    if (update?.[0] === 'pause') pauses.onMessage(update);
    if (update?.[0] === 'balance') balance?.onMessage(update);
    if (update?.[0] === 'joined') void beat();
  });
  /** The others count one more from now on. */
  const join = async () => {
    await link.firstUp;
    await replicas.beat();
    await link.run((client) => client.publish(keys.updates, JSON.stringify(['joined'] satisfies JoinUpdate)));
  };
  await within(systemTimers, START_PATIENCE_MS, join()).catch((error: unknown) => onError('start', error));

  return {
    answers: createRedisAnswerStore({ link, keys, isCluster: location.kind === 'cluster', clock, clockOffsetMs }),
    ledger,
    clients,
    shared: {
      clockOffsetMs: () => replicas.measuredOffsetMs,
      leases,
      rates: createRedisRates({ ...common, sharers }),
      pauses,
      pace:
        maxPerSecond === undefined ? undefined : createRedisPace({ ...common, maxPerSecond, sharers, clock: steadyMs }),
      balance,
    },
  };
}

type JoinUpdate = readonly ['joined'];
type Update = FlightUpdate | PauseUpdate | BalanceUpdate | JoinUpdate;

/** Replicas publish lists to this channel; anything else is ignored. */
function parseUpdate(message: string): Update | undefined {
  const update = parseJson(message);
  return Array.isArray(update) ? (update as unknown as Update) : undefined;
}

/** What the ledger in Redis says, without a change to it. @throws when it cannot be read */
export async function inspectRedisLedger(location: RedisLocation, config: Config): Promise<{ today: DaySpending }> {
  let trouble: Error | undefined;
  const keys = createRedisKeys(scopeOf(config));
  const link = openRedisLink({
    location,
    probeKey: keys.probe,
    onError: (error) => {
      trouble = error;
    },
    within: (ms, promise) => within(systemTimers, ms, promise),
  });
  try {
    await within(systemTimers, START_PATIENCE_MS, link.firstUp).catch((error: unknown) => {
      throw trouble ?? error;
    });
    const spendingStore = createRedisSpendingStore({ link, keys, owner: 'check' });
    const today = spendingStore.today(daysIn(config.upstream.budgetTimeZone).nearestTo(Date.now()));
    const { day, spending } = await within(systemTimers, START_PATIENCE_MS, today);
    return { today: { day, ...spending } };
  } finally {
    await link.close();
  }
}
