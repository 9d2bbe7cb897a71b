import { existsSync, realpathSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { systemTimers, type Timers, within } from '../../domain/time.ts';
import { daysIn } from '../../domain/zone-days.ts';
import { clientScopeOf, createClientLedgers } from '../../upstream/ledger/ledger.ts';
import { createStoredLedger } from '../../upstream/ledger/stored-ledger.ts';
import { untilDone } from '../../upstream/until-done.ts';
import { type OpenStoresOptions, START_PATIENCE_MS, type Stores, scopeOf } from '../stores.ts';
import { createTimeZoneLog } from '../time-zone-log.ts';
import { createAbandonedSettling } from './abandoned-reservations.ts';
import { openForReading } from './database.ts';
import { isLocked, StoreInUseError } from './lock.ts';
import { prepareSpending } from './spending.ts';
import { createSqliteAnswerStore } from './sqlite-answer-store.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { createSqliteSpendingStore } from './sqlite-spending.ts';

const SWEEP_INTERVAL_MS = 60_000;
/** How long a start waits for the file, which another process may be leaving, in milliseconds. */
const HOLDER_PATIENCE_MS = 5000;
/** How often it looks whether that process is gone, in milliseconds. */
const HOLDER_LOOK_MS = 100;

/**
 * Everything in one SQLite file, which this process has to itself.
 * @throws StoreInUseError when another process has it, and is still there after five seconds
 */
export async function openSqliteStores(path: string, options: OpenStoresOptions): Promise<Stores> {
  const { config, log, clock, identity, timers, closing, onError } = options;
  const file = openSqliteFile(path, identity.pid);
  closing.defer(() => file.close());
  const scope = scopeOf(config);
  const { budgetTimeZone } = config.upstream;
  const days = daysIn(budgetTimeZone);
  const timeZoneLog = createTimeZoneLog(budgetTimeZone, log);
  const settleAbandoned = createAbandonedSettling(file, ({ day, atMs }) => {
    const at = new Date(atMs).toISOString();
    log.warn({ day, at }, 'a call of a process that ended; counted as perhaps billed');
  });
  const prepare = untilDone(async () => {
    await settleAbandoned();
    timeZoneLog.noteStored(await file.call('replaceTimeZone', scope, budgetTimeZone));
  });
  const openLedger = (ofScope: string, dailyBudget?: number) => {
    const spendingStore = createSqliteSpendingStore({ file, scope: ofScope, settleAbandoned: prepare, clock });
    return createStoredLedger({ spendingStore, dailyBudget, days, clock, timers: systemTimers, onError });
  };
  const ledger = openLedger(scope, config.upstream.dailyBudget);
  closing.defer(() => ledger.close());
  const clients = createClientLedgers((client) => {
    const ofClient = openLedger(clientScopeOf(scope, client));
    ofClient.load().catch((error: unknown) => onError('start', error));
    return ofClient;
  });
  closing.defer(() => clients.close());

  const start = async () => {
    // Longer than for a store in trouble: who has the file decides whether this process may start.
    await within(systemTimers, HOLDER_PATIENCE_MS, prepare());
    await within(systemTimers, START_PATIENCE_MS, ledger.load());
  };
  const onWait = () => log.debug({ store: path }, 'another process has the store; waiting for its end');
  await onceHolderIsGone({ start, timers, onWait }).catch((error: unknown) => {
    if (error instanceof StoreInUseError) throw error;
    onError('start', error);
  });

  const sweeping = setInterval(() => {
    file.call('sweepAnswers', clock()).catch((error: unknown) => onError('sweep', error));
  }, SWEEP_INTERVAL_MS).unref();
  closing.defer(() => clearInterval(sweeping));

  return {
    answers: createSqliteAnswerStore(file, scope),
    ledger,
    clients,
    rates: { load: () => file.call('loadRates'), save: (sent) => file.call('saveRates', sent) },
  };
}

interface HolderWait {
  readonly start: () => Promise<void>;
  readonly timers: Timers;
  readonly onWait: () => void;
}

async function onceHolderIsGone({ start, timers, onWait }: HolderWait): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += HOLDER_LOOK_MS) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof StoreInUseError) || waitedMs >= HOLDER_PATIENCE_MS) throw error;
    }
    if (waitedMs === 0) onWait();
    await new Promise<void>((resolve) => void timers.after(HOLDER_LOOK_MS, resolve));
  }
}

/**
 * What the ledger in a file says, beside the gateway that may be using it and without a change to it; undefined where
 * there is none yet. What is open while no process has the file is what the next start counts as unknown.
 *
 * @throws when it cannot be read
 */
export function inspectSqliteLedger(path: string, config: Config) {
  if (!existsSync(path)) return undefined;
  const location = realpathSync(path);
  const database = openForReading(location);
  if (database === undefined) return undefined;
  try {
    const { spendingOf, openReservations } = prepareSpending(database);
    const scope = scopeOf(config);
    const { name: day } = daysIn(config.upstream.budgetTimeZone).at(Date.now());
    const abandoned = isLocked(location) ? [] : openReservations().filter((reservation) => reservation.scope === scope);
    const { billed, unknown, open } = spendingOf(scope, day);
    const lost = abandoned.filter((reservation) => reservation.day === day).length;
    return { today: { day, billed, unknown: unknown + lost, open: open - lost }, abandoned };
  } finally {
    database.close();
  }
}
