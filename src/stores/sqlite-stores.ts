import { existsSync } from 'node:fs';
import { createSqliteAnswerStore } from '../cache/sqlite-answer-store.ts';
import type { Config } from '../config/config.ts';
import { openSqliteFile, type SqliteFile } from '../sqlite/sqlite-file.ts';
import { type AbandonedOptions, findAbandoned, settleAbandoned } from '../upstream/abandoned-reservations.ts';
import { clientScopeOf, createClientLedgers } from '../upstream/client-ledgers.ts';
import { utcDayOf } from '../upstream/ledger.ts';
import { createSqliteBooks } from '../upstream/sqlite-books.ts';
import { createStoredLedger } from '../upstream/stored-ledger.ts';
import { systemTimers, within } from '../upstream/timers.ts';
import { type OpenStoresOptions, type ProcessIdentity, START_PATIENCE_MS, type Stores, scopeOf } from './stores.ts';

const SWEEP_INTERVAL_MS = 60_000;
/** Beyond an attempt's own deadline: connecting, storing, and a machine that was asleep. */
const MAX_CALL_MARGIN_MS = 600_000;

/** Everything in one SQLite file, which the processes of one machine may share. */
export async function openSqliteStores(path: string, options: OpenStoresOptions): Promise<Stores> {
  const { config, log, clock, identity, closing, onError } = options;
  const file = openSqliteFile(path);
  closing.defer(() => file.close());
  const scope = scopeOf(config);
  const owner = { name: identity.name, pid: identity.pid };
  const openLedger = (ofScope: string, dailyBudget?: number) => {
    const books = createSqliteBooks({ file, scope: ofScope, owner, clock: clock });
    return createStoredLedger({ books, dailyBudget, clock: clock, timers: systemTimers, onError });
  };
  const ledger = openLedger(scope, config.upstream.dailyBudget);
  closing.defer(() => ledger.close());
  const clients = createClientLedgers((client) => {
    const ofClient = openLedger(clientScopeOf(scope, client));
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

  return {
    answers: createSqliteAnswerStore(file, scope),
    ledger,
    clients,
    rates: { load: () => file.call('loadRates'), save: (sent) => file.call('saveRates', sent) },
  };
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

/** What the ledger in a file says, without a change to it; undefined where there is none yet. @throws when it cannot be read */
export async function inspectSqliteLedger(path: string, config: Config, identity: ProcessIdentity) {
  if (!existsSync(path)) return undefined;
  const file = openSqliteFile(path);
  try {
    const day = utcDayOf(Date.now());
    const today = { day, ...(await file.call('spendingOf', scopeOf(config), day)) };
    return { today, abandoned: await findAbandoned(abandonedOptions(file, config, identity, Date.now)) };
  } finally {
    await file.close();
  }
}
