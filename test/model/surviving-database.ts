import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { type Operations, prepareOperations } from '../../src/stores/sqlite/operations.ts';
import type { SqliteFile } from '../../src/stores/sqlite/sqlite-file.ts';

/** The real statements on a database in memory, in this thread, which outlives the gateways that use it. */
export interface SurvivingDatabase extends Disposable {
  /** While it is away, every call is rejected. */
  isAway: boolean;
  /** The database as one process sees it; after `die` it hears nothing more of it. */
  connect(): { readonly file: SqliteFile; die(): void };
  readonly operations: Operations;
}

export function createSurvivingDatabase(): SurvivingDatabase {
  const { database } = openDatabase(':memory:');
  const operations: Operations = prepareOperations(database);
  const self: SurvivingDatabase = {
    isAway: false,
    operations,
    connect() {
      let isDead = false;
      const file: SqliteFile = {
        call(name, ...args) {
          if (isDead) return new Promise(() => {});
          if (self.isAway) return Promise.reject(new Error('the store is unavailable'));
          const operation = operations[name] as (...values: readonly unknown[]) => ReturnType<Operations[typeof name]>;
          return Promise.resolve(operation(...args));
        },
        close: async () => {},
      };
      return {
        file,
        die() {
          isDead = true;
        },
      };
    },
    [Symbol.dispose]: () => database.close(),
  };
  return self;
}
