import { cacheKeyOf, createLinkIndexCache, type LinkIndexCache } from '../../src/cache/cache.ts';
import type { Lifetimes } from '../../src/cache/entry.ts';
import { createAnswerMemory } from '../../src/cache/memory.ts';
import { createWriteBehindStore, type WriteBehindStore } from '../../src/cache/write-behind.ts';
import type { LinkIndexKey, LinkIndexSource, Policy } from '../../src/domain/link-index.ts';
import type { Timers } from '../../src/domain/time.ts';
import { createAbandonedSettling } from '../../src/stores/sqlite/abandoned-reservations.ts';
import { createSqliteAnswerStore } from '../../src/stores/sqlite/sqlite-answer-store.ts';
import { createSqliteSpendingStore } from '../../src/stores/sqlite/sqlite-spending.ts';
import { ENDPOINTS } from '../../src/upstream/endpoints.ts';
import { createClientLedgers } from '../../src/upstream/ledger/ledger.ts';
import { createStoredLedger, type StoredLedger } from '../../src/upstream/ledger/stored-ledger.ts';
import { createPipeline, type Pipeline } from '../../src/upstream/pipeline.ts';
import type { TestClock } from '../support/test-clock.ts';
import { UTC_DAYS } from '../support/utc-days.ts';
import type { SurvivingDatabase } from './surviving-database.ts';

export interface LineSettings {
  readonly dailyBudget: number | undefined;
  readonly maxAttempts: number;
  readonly maxConcurrent: number;
  readonly maxPerSecond: number | undefined;
  readonly maxQueued: number;
  /** What the jitter draws, every time. */
  readonly jitter: number;
}

export interface GatewayLine {
  readonly cache: LinkIndexCache;
  readonly pipeline: Pipeline;
  readonly store: WriteBehindStore;
  readonly ledger: StoredLedger;
  /** When its next timer goes off. */
  nextTimerMs(): number;
  /** As by `kill -9`: nothing that it had begun goes on. */
  crash(): void;
}

export interface LineOptions {
  readonly settings: LineSettings;
  readonly lifetimes: Lifetimes;
  /** One attempt. */
  readonly upstream: LinkIndexSource;
  /** Watches whole purchases, with all their attempts. */
  readonly watch: Policy;
  readonly database: SurvivingDatabase;
  readonly clock: TestClock;
}

export const SCOPE = 'v1 model';

export function cacheKeyIn(key: LinkIndexKey): string {
  return cacheKeyOf(key, ENDPOINTS['kol-link-info']);
}

/** The line of `gateway.ts` without its HTTP ends: from the paid attempt to the cache. */
export async function startLine(options: LineOptions): Promise<GatewayLine> {
  const { settings, lifetimes, upstream, watch, database, clock } = options;
  const { file, die } = database.connect();
  const { timers, nextTimerMs, cancelAll } = mortalTimers(clock);
  const common = { clock: clock.nowMs, timers };
  const settleAbandoned = createAbandonedSettling(file, () => {});
  await settleAbandoned();
  const spendingStore = createSqliteSpendingStore({ file, scope: SCOPE, settleAbandoned, clock: clock.nowMs });
  const ledger = createStoredLedger({ spendingStore, dailyBudget: settings.dailyBudget, days: UTC_DAYS, ...common });
  await ledger.load();

  const random = () => settings.jitter;
  const clients = createClientLedgers(() => ledger);
  const pipeline = createPipeline({
    ...settings,
    source: upstream,
    ledger,
    clients,
    hasBreakers: true,
    random,
    ...common,
  });
  const memory = createAnswerMemory({ maxEntries: 1000, lifetimes, clock: clock.nowMs });
  const store = createWriteBehindStore({ store: createSqliteAnswerStore(file, SCOPE), timers, maxUnsaved: 1000 });
  const cache = createLinkIndexCache({
    ...{ source: watch(pipeline), refusal: pipeline.refusal, memory, store, lifetimes },
    clock: clock.nowMs,
    keyOf: cacheKeyIn,
  });
  return {
    cache,
    pipeline,
    store,
    ledger,
    nextTimerMs,
    crash() {
      die();
      cancelAll();
    },
  };
}

/** Timers that end with their process. */
function mortalTimers({ timers, nowMs }: TestClock) {
  const dueMs = new Map<() => void, number>();
  const mortal: Timers = {
    after(ms, callback) {
      const forget = timers.after(ms, () => {
        dueMs.delete(cancel);
        callback();
      });
      const cancel = () => {
        dueMs.delete(cancel);
        forget();
      };
      dueMs.set(cancel, nowMs() + ms);
      return cancel;
    },
  };
  return {
    timers: mortal,
    nextTimerMs: () => Math.min(...dueMs.values()),
    cancelAll() {
      for (const cancel of dueMs.keys()) cancel();
    },
  };
}
