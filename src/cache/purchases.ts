import type { EndpointName } from '../upstream/endpoints.ts';
import type {
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexSource,
  ReadOptions,
  Requester,
} from '../upstream/link-index-source.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { failureLifetimeMs, type Lifetimes, maxAgeMs } from './entry.ts';
import type { PatientStore } from './patient-store.ts';
import { createRecall } from './recall.ts';
import { createSingleFlight } from './single-flight.ts';

export interface PurchasesOptions {
  /** Where an answer is bought. */
  readonly source: LinkIndexSource;
  readonly memory: AnswerMemory;
  readonly store: PatientStore;
  readonly lifetimes: Lifetimes;
  /** The key under which an endpoint's answer is kept; the endpoint that is asked now by default. */
  readonly keyOf: (key: LinkIndexKey, endpoint?: EndpointName) => string;
}

/** The calls in flight. They belong to the process: nobody who waits for one can end it. */
export interface Purchases {
  buy(key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome>;
  /** Gets a newer answer for its own sake; joins the call for this key that is under way. */
  refresh(key: LinkIndexKey, requester: Requester): void;
  /** Settles when no call is in flight. */
  idle(): Promise<void>;
  readonly inFlight: number;
}

export function createPurchases({ source, memory, store, lifetimes, keyOf }: PurchasesOptions): Purchases {
  const recall = createRecall(memory, store);
  const flights = createSingleFlight<LinkIndexOutcome>();

  /** Stored before anyone is answered, and only then seen by other readers. */
  async function purchase(key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome> {
    const keyBefore = keyOf(key);
    const outcome = await source.read(key, options);
    // The endpoint may have moved meanwhile, by this call or by another.
    const cacheKey = outcome.kind === 'failure' || !outcome.endpoint ? keyBefore : keyOf(key, outcome.endpoint);
    const expiresAtMs = expiryOf(outcome);
    if (expiresAtMs !== undefined) await store.put({ cacheKey, outcome, expiresAtMs });
    // A failure must hide no answer that only the store has.
    if (outcome.kind === 'failure' && memory.get(cacheKey) === undefined) await recall(cacheKey);
    memory.remember(cacheKey, outcome);
    return outcome;
  }

  function expiryOf(outcome: LinkIndexOutcome): number | undefined {
    switch (outcome.kind) {
      case 'answer':
        return outcome.fetchedAtMs + maxAgeMs(lifetimes);
      case 'no-data':
        return outcome.fetchedAtMs + lifetimes.negativeMs;
      case 'failure': {
        const lifetimeMs = failureLifetimeMs(outcome, lifetimes);
        return lifetimeMs > 0 ? outcome.failedAtMs + lifetimeMs : undefined;
      }
    }
  }

  return {
    buy(key, options) {
      const start = () => purchase(key, options);
      return options.acceptCache ? flights.join(keyOf(key), start) : flights.joinForced(keyOf(key), start);
    },
    refresh(key, requester) {
      // A fault of ours in a refresh has no caller to be told to; the next read meets it.
      flights.join(keyOf(key), () => purchase(key, { acceptCache: false, requester })).catch(() => {});
    },
    idle: () => flights.idle(),
    get inFlight() {
      return flights.size;
    },
  };
}
