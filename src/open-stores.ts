import { existsSync } from 'node:fs';
import type { AnswerStore } from './cache/answer-store.ts';
import { memoryAnswerStore } from './cache/memory-answer-store.ts';
import { createSqliteAnswerStore } from './cache/sqlite-answer-store.ts';
import type { Config } from './config/config.ts';
import type { RateStore } from './server/clients/rates.ts';
import { openSqliteFile, type SqliteFile } from './sqlite/sqlite-file.ts';
import type { Logger } from './telemetry/logger.ts';
import { createStoreErrors } from './telemetry/store-errors.ts';
import { type AbandonedOptions, findAbandoned, settleAbandoned } from './upstream/abandoned-reservations.ts';
import { type ClientLedgers, clientScopeOf, createClientLedgers } from './upstream/client-ledgers.ts';
import { type Ledger, utcDayOf } from './upstream/ledger.ts';
import { createMemoryLedger } from './upstream/memory-ledger.ts';
import { createSqliteLedger } from './upstream/sqlite-ledger.ts';
import { systemTimers, within } from './upstream/timers.ts';

/** This process among others of its machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Differs from start to start, where a process id may come again. */
  readonly name: string;
  readonly isAlive: (pid: number) => boolean;
}

export interface OpenStoresOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: () => number;
  readonly identity: ProcessIdentity;
  readonly closing: AsyncDisposableStack;
  /** Told of everything that the store did not do. */
  readonly onError?: (store: string, operation: string) => void;
}

export interface Stores {
  readonly answers: AnswerStore;
  readonly ledger: Ledger;
  /** What each client has spent, kept where the account's own ledger is. */
  readonly clients: ClientLedgers;
  /** Undefined where nothing outlives the process. */
  readonly rates: RateStore | undefined;
  readonly onError: (operation: string, error: unknown) => void;
}

/** A start waits no longer than this for a store that is in trouble, in milliseconds. */
const START_PATIENCE_MS = 1000;
const SWEEP_INTERVAL_MS = 60_000;
/** Beyond an attempt's own deadline: connecting, storing, and a machine that was asleep. */
const MAX_CALL_MARGIN_MS = 600_000;

/** Raised when stored answers change their meaning: older ones are then never read. */
const NAMESPACE_VERSION = 'v1';

/** Where answers and bookings are kept. Synthetic ones and those of another upstream stay apart from ours. */
export async function openStores(options: OpenStoresOptions): Promise<Stores> {
  const { config, log, clock, identity, closing } = options;
  const { dailyBudget } = config.upstream;
  const errors = createStoreErrors(
    log,
    config.cache.store.kind === 'sqlite' ? config.cache.store.path : 'memory',
    clock,
  );
  const onError = (operation: string, error: unknown) => {
    errors.note(operation, error);
    options.onError?.(config.cache.store.kind, operation);
  };
  if (config.cache.store.kind === 'memory') {
    const openLedger = (budget?: number) => createMemoryLedger({ dailyBudget: budget, clock });
    const clients = createClientLedgers(() => openLedger());
    return { answers: memoryAnswerStore, ledger: openLedger(dailyBudget), clients, rates: undefined, onError };
  }

  const file = openSqliteFile(config.cache.store.path);
  closing.defer(() => file.close());
  const scope = scopeOf(config);
  const owner = { name: identity.name, pid: identity.pid };
  const common = { file, owner, clock, timers: systemTimers, onError };
  const ledger = createSqliteLedger({ ...common, scope, dailyBudget });
  closing.defer(() => ledger.close());
  const clients = createClientLedgers((client) => {
    const ofClient = createSqliteLedger({ ...common, scope: clientScopeOf(scope, client), dailyBudget: undefined });
    ofClient.load().catch((error: unknown) => onError('start', error));
    return ofClient;
  });
  closing.defer(() => clients.close());

  /** The calls of processes that died, also while we run. */
  async function askAfterTheDead(): Promise<void> {
    for (const { day, pid, atMs } of await settleAbandoned(abandonedOptions(file, config, identity, clock))) {
      const at = new Date(atMs).toISOString();
      log.warn({ day, pid, at }, 'a call of a process that ended; counted as perhaps billed');
    }
  }

  const start = askAfterTheDead().then(() => ledger.load());
  await within(systemTimers, START_PATIENCE_MS, start).catch((error: unknown) => onError('start', error));

  const sweeping = setInterval(() => {
    file.call('sweepAnswers', clock()).catch((error: unknown) => onError('sweep', error));
    askAfterTheDead().catch((error: unknown) => onError('sweep', error));
  }, SWEEP_INTERVAL_MS).unref();
  closing.defer(() => clearInterval(sweeping));
  const rates: RateStore = {
    load: () => file.call('loadRates'),
    save: (sent) => file.call('saveRates', sent),
  };
  return { answers: createSqliteAnswerStore(file, scope), ledger, clients, rates, onError };
}

/** Keeps what came from one upstream apart from another's, and from the sandbox's. */
function scopeOf({ upstream: { target } }: Config): string {
  return `${NAMESPACE_VERSION} ${target.mode === 'sandbox' ? 'sandbox' : new URL(target.baseUrl).origin}`;
}

function abandonedOptions(
  file: SqliteFile,
  config: Config,
  owner: ProcessIdentity,
  clock: () => number,
): AbandonedOptions {
  const maxCallMs = config.upstream.timeoutMs + MAX_CALL_MARGIN_MS;
  return { file, scope: scopeOf(config), owner, isAlive: owner.isAlive, maxCallMs, clock };
}

/**
 * What the ledger says, without a change to it; undefined where none is kept, or none is there yet.
 * @throws when it cannot be read
 */
export async function inspectLedger(config: Config, identity: ProcessIdentity) {
  const { store } = config.cache;
  if (store.kind === 'memory' || !existsSync(store.path)) return undefined;
  const file = openSqliteFile(store.path);
  try {
    const day = utcDayOf(Date.now());
    const today = { day, ...(await file.call('spendingOf', scopeOf(config), day)) };
    return { today, abandoned: await findAbandoned(abandonedOptions(file, config, identity, Date.now)) };
  } finally {
    await file.close();
  }
}
