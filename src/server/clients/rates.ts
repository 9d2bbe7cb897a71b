import { RateLimiterMemory } from 'rate-limiter-flexible';
import { systemTimers, type Timers, within } from '../../domain/time.ts';
import type { Refusal } from '../http/exchange.ts';
import type { Client } from './client.ts';

const MINUTE_SECONDS = 60;
/** How often what has changed is stored, in milliseconds; a kill loses no more than that. */
const SAVE_MS = 1000;
/** A start waits no longer than this for the store, in milliseconds. */
const START_PATIENCE_MS = 1000;

/** What a client has sent in the minute that ends at `endsAtMs`. */
export interface SentRequests {
  readonly client: string;
  readonly count: number;
  readonly endsAtMs: number;
}

/** Where counts outlive the process. */
export interface RateStore {
  load(): Promise<readonly SentRequests[]>;
  save(sent: readonly SentRequests[]): Promise<void>;
}

/** Where all replicas count together. */
export interface SharedRates {
  /** Counts a request. Rejects when that cannot be done in time; then each replica counts for itself. */
  count(client: string): Promise<{ readonly count: number; readonly msBeforeNext: number }>;
  /** Among how many a limit is divided meanwhile. */
  readonly sharers: () => number;
}

export interface RatesOptions {
  /** Undefined where each process counts for itself. */
  readonly shared?: SharedRates | undefined;
  /** Undefined where nothing outlives the process. */
  readonly store?: RateStore | undefined;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly onError?: (operation: string, error: unknown) => void;
}

/** How many requests each client sends. */
export interface Rates {
  /** Continues the counts from before a restart. Waits no longer than a second for the store; never rejects. */
  load(): Promise<void>;
  /** Counts a request, at once where the client has no `perMinute`. @returns the refusal of one beyond it */
  count(client: Pick<Client, 'name' | 'perMinute'>): Promise<Refusal | undefined> | undefined;
  /** Stores what is counted. */
  close(): Promise<void>;
}

/** One limiter for all, so that a changed limit counts with what was sent before. */
export function createRates({ shared, store, clock, timers, onError }: RatesOptions): Rates {
  const requests = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: MINUTE_SECONDS });
  const unsaved = new Map<string, SentRequests>();
  let cancelSaving: (() => void) | undefined;

  async function save(): Promise<void> {
    cancelSaving = undefined;
    const sent = [...unsaved.values()];
    unsaved.clear();
    if (sent.length > 0) await store?.save(sent).catch((error: unknown) => onError?.('rates', error));
  }

  async function countOwn(name: string): Promise<{ count: number; msBeforeNext: number }> {
    const { consumedPoints, msBeforeNext } = await requests.consume(name);
    if (store) {
      unsaved.set(name, { client: name, count: consumedPoints, endsAtMs: clock() + msBeforeNext });
      cancelSaving ??= timers.after(SAVE_MS, save);
    }
    return { count: consumedPoints * (shared?.sharers() ?? 1), msBeforeNext };
  }

  async function countWithin(name: string, perMinute: number): Promise<Refusal | undefined> {
    const own = await countOwn(name);
    const { count, msBeforeNext } = (await shared?.count(name).catch(() => undefined)) ?? own;
    if (count <= perMinute) return undefined;
    return {
      httpStatus: 429,
      code: 'RATE_LIMITED',
      message: `Too many requests: expected at most ${perMinute} per minute.`,
      retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
    };
  }

  return {
    async load() {
      const stored = store ? within(systemTimers, START_PATIENCE_MS, store.load()) : Promise.resolve([]);
      const sent = await stored.catch((error: unknown) => {
        onError?.('rates', error);
        return [];
      });
      for (const { client, count, endsAtMs } of sent) {
        const seconds = Math.ceil((endsAtMs - clock()) / 1000);
        if (seconds > 0 && seconds <= MINUTE_SECONDS) await requests.set(client, count, seconds);
      }
    },
    count({ name, perMinute }) {
      return perMinute === undefined ? undefined : countWithin(name, perMinute);
    },
    async close() {
      cancelSaving?.();
      await save();
    },
  };
}
