import DataLoader from 'dataloader';
import type { Timers } from '../domain/time.ts';
import { STORE_PATIENCE_MS, within } from '../domain/time.ts';
import type { AnswerStore, StoredOutcome } from './answer-store.ts';

/** How often what the store did not take is offered to it again, in milliseconds. */
const RESAVE_MS = 1000;

/** So many outcomes are offered at a time, so that a read does not wait behind all of them. */
const SAVED_AT_ONCE = 200;
/** How long the last offer waits for each of these parts, in milliseconds. */
const CLOSE_PATIENCE_MS = 20 * STORE_PATIENCE_MS;

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
      // One is enough to learn whether the store is back; then all the others follow.
      await save(first);
      for (const part of unsavedParts()) await Promise.all(part.map(save));
    } catch (error) {
      keepForLater(error);
    } finally {
      isResaving = false;
    }
  }

  /** As many outcomes as are unsaved now, in parts. Nothing is copied, because each attempt may end with the first part. */
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
