import DataLoader from 'dataloader';
import type { LinkIndexOutcome } from '../domain/link-index.ts';
import type { Timers } from '../domain/time.ts';
import { STORE_PATIENCE_MS, within } from '../domain/time.ts';

export interface StoredOutcome {
  readonly cacheKey: string;
  readonly outcome: LinkIndexOutcome;
  /** When it is of no use to anybody, in milliseconds since the epoch; for deleting old rows, never for decisions. */
  readonly expiresAtMs: number;
}

/**
 * Where paid answers outlive the process. A key has at most one answer (or "no data") and one failure.
 * Every method rejects when the store is unavailable; callers limit how long they wait.
 */
export interface AnswerStore {
  /** The rows of these keys, older ones first, in one round trip. A row that does not fit is left out: it is a miss. */
  getMany(cacheKeys: readonly string[]): Promise<readonly StoredOutcome[]>;
  put(stored: StoredOutcome): Promise<void>;
}

/** A store that never rejects and answers within 50 ms, in front of one that may be slow or unavailable. */
export interface WriteBehindStore {
  /** Empty where the store does not answer in time. Calls of one tick are one round trip. */
  get(cacheKey: string): Promise<readonly StoredOutcome[]>;
  /** Settles when the row is stored, or after 50 ms; the row is then kept and written again until the store takes it. */
  put(stored: StoredOutcome): Promise<void>;
  readonly unsavedCount: number;
  /** Writes the unsaved rows a last time. @returns how many rows the store did not take */
  close(): Promise<number>;
}

const NO_ROWS = Promise.resolve([]);
const DONE = Promise.resolve();

/** For `CACHE_STORE=memory:`, where no answer outlives the process. */
export const noOpStore: WriteBehindStore = {
  get: () => NO_ROWS,
  put: () => DONE,
  unsavedCount: 0,
  close: () => Promise.resolve(0),
};

export interface WriteBehindStoreOptions {
  readonly store: AnswerStore;
  readonly timers: Timers;
  /** How many rows that the store did not take are kept in memory; beyond it the oldest is dropped. */
  readonly maxUnsaved: number;
  readonly onError?: (operation: 'get' | 'put', error: unknown) => void;
}

/** How often unsaved rows are written again, in milliseconds. */
const RESAVE_MS = 1000;
/** How many rows are written at a time, so that a read does not wait behind all of them. */
const SAVED_AT_ONCE = 200;
/** How long `close` waits for each part, in milliseconds. */
const CLOSE_PATIENCE_MS = 20 * STORE_PATIENCE_MS;

export function createWriteBehindStore({
  store,
  timers,
  maxUnsaved,
  onError,
}: WriteBehindStoreOptions): WriteBehindStore {
  const unsaved = new Map<string, StoredOutcome>();
  let droppedCount = 0;
  let cancelResave: (() => void) | undefined;
  let isResaving = false;

  const reads = new DataLoader<string, readonly StoredOutcome[]>(
    async (cacheKeys) => {
      const found = Map.groupBy(
        await within(timers, STORE_PATIENCE_MS, store.getMany(cacheKeys)),
        (row) => row.cacheKey,
      );
      return cacheKeys.map((cacheKey) => found.get(cacheKey) ?? []);
    },
    { cache: false, maxBatchSize: 500 },
  );

  async function save(stored: StoredOutcome): Promise<void> {
    const slot = `${stored.outcome.kind === 'failure'}\n${stored.cacheKey}`;
    unsaved.set(slot, stored);
    await store.put(stored);
    if (unsaved.get(slot) === stored) unsaved.delete(slot);
  }

  function keepForLater(error: unknown): void {
    onError?.('put', error);
    const [oldest] = unsaved.keys();
    if (unsaved.size > maxUnsaved && oldest !== undefined) {
      unsaved.delete(oldest);
      droppedCount += 1;
    }
    resaveLater();
  }

  function resaveLater(): void {
    cancelResave ??= timers.after(RESAVE_MS, () => {
      cancelResave = undefined;
      if (isResaving) resaveLater();
      else void resave();
    });
  }

  async function resave(): Promise<void> {
    const [first] = unsaved.values();
    if (first === undefined) return;
    isResaving = true;
    try {
      // One row shows whether the store is available again; then the others follow.
      await save(first);
      for (const part of unsavedParts()) await Promise.all(part.map(save));
    } catch (error) {
      keepForLater(error);
    } finally {
      isResaving = false;
    }
  }

  /** The rows that are unsaved now, in parts. The map is not copied, because a round may end with the first part. */
  function* unsavedParts(): Generator<readonly StoredOutcome[]> {
    let left = unsaved.size;
    let part: StoredOutcome[] = [];
    for (const stored of unsaved.values()) {
      part.push(stored);
      left -= 1;
      if (left === 0) break;
      if (part.length < SAVED_AT_ONCE) continue;
      yield part;
      part = [];
    }
    if (part.length > 0) yield part;
  }

  return {
    get: (cacheKey) =>
      reads.load(cacheKey).catch((error: unknown) => {
        onError?.('get', error);
        return [];
      }),
    put: (stored) => within(timers, STORE_PATIENCE_MS, save(stored)).catch(keepForLater),
    get unsavedCount() {
      return unsaved.size;
    },
    async close() {
      cancelResave?.();
      for (const part of unsavedParts()) {
        const saving = part.map((stored) => within(timers, CLOSE_PATIENCE_MS, save(stored)));
        const isTaken = (await Promise.allSettled(saving)).some(({ status }) => status === 'fulfilled');
        if (!isTaken) break;
      }
      return unsaved.size + droppedCount;
    },
  };
}
