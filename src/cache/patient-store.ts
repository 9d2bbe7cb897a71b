import DataLoader from 'dataloader';
import type { Timers } from '../upstream/timers.ts';
import { STORE_PATIENCE_MS, within } from '../upstream/timers.ts';
import type { AnswerStore, StoredOutcome } from './answer-store.ts';

/** How often what the store did not take is offered to it again, in milliseconds. */
const RESAVE_MS = 1000;

const SAVED_AT_ONCE = 200;

export interface PatientStoreOptions {
  readonly store: AnswerStore;
  readonly timers: Timers;
  /** So many outcomes that the store did not take are kept in memory for it. */
  readonly maxUnsaved: number;
  readonly onError?: (operation: 'get' | 'put', error: unknown) => void;
}

/** A store that may be slow or broken, as something that is neither: it never rejects, and answers within 50 ms. */
export interface PatientStore {
  /** Empty when the store cannot tell in time. Calls of one tick are one round trip. */
  get(cacheKey: string): Promise<readonly StoredOutcome[]>;
  /** Settles when it is stored, or after 50 ms; then it is kept and offered again until the store takes it. */
  put(stored: StoredOutcome): Promise<void>;
  readonly unsavedCount: number;
  /** Offers the rest a last time. @returns how many outcomes the store did not take */
  close(): Promise<number>;
}

export function createPatientStore({ store, timers, maxUnsaved, onError }: PatientStoreOptions): PatientStore {
  const unsaved = new Map<string, StoredOutcome>();
  let droppedCount = 0;
  let cancelResave: (() => void) | undefined;

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
    cancelResave ??= timers.after(RESAVE_MS, resave);
  }

  function resave(): void {
    cancelResave = undefined;
    const [first] = unsaved.values();
    // One is enough to learn whether the store is back; then all the others follow.
    if (first) save(first).then(saveRest).catch(keepForLater);
  }

  /** Some at a time, so that who reads meanwhile does not wait behind all of them. */
  async function saveRest(): Promise<void> {
    const rest = [...unsaved.values()];
    for (let start = 0; start < rest.length; start += SAVED_AT_ONCE) {
      await Promise.all(rest.slice(start, start + SAVED_AT_ONCE).map(save));
    }
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
      await Promise.allSettled(
        [...unsaved.values()].map((stored) => within(timers, 20 * STORE_PATIENCE_MS, save(stored))),
      );
      return unsaved.size + droppedCount;
    },
  };
}
