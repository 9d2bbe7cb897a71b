import type { Config } from '../config/config.ts';
import { daysIn } from '../domain/zone-days.ts';
import { createClientLedgers } from '../upstream/ledger/ledger.ts';
import { createMemoryLedger } from '../upstream/ledger/memory-ledger.ts';
import type { OpenStoresOptions, Stores } from './stores.ts';

/**
 * Where answers and bookings are kept. Synthetic ones and those of another upstream stay apart from ours.
 * @throws StoreInUseError when another process has the SQLite file
 */
export async function openStores(options: OpenStoresOptions): Promise<Stores> {
  const { clock } = options;
  const { cache, upstream } = options.config;
  switch (cache.store.kind) {
    case 'memory': {
      const days = daysIn(upstream.budgetTimeZone);
      const ledger = createMemoryLedger({ dailyBudget: upstream.dailyBudget, days, clock });
      const clients = createClientLedgers(() => createMemoryLedger({ dailyBudget: undefined, days, clock }));
      return { answers: undefined, ledger, clients };
    }
    case 'sqlite': {
      const { openSqliteStores } = await import('./sqlite/sqlite-stores.ts');
      return openSqliteStores(cache.store.path, options);
    }
    case 'redis': {
      const { openRedisStores } = await import('./redis/redis-stores.ts');
      return openRedisStores(cache.store.location, options);
    }
  }
}

/** What the ledger says, without a change to it; undefined where none is kept, or none is there yet. @throws when it cannot be read */
export async function inspectLedger(config: Config) {
  const { store } = config.cache;
  switch (store.kind) {
    case 'memory':
      return undefined;
    case 'sqlite': {
      const { inspectSqliteLedger } = await import('./sqlite/sqlite-stores.ts');
      return inspectSqliteLedger(store.path, config);
    }
    case 'redis': {
      const { inspectRedisLedger } = await import('./redis/redis-stores.ts');
      return { ...(await inspectRedisLedger(store.location, config)), abandoned: [] };
    }
  }
}
