import type {
  EndpointName,
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexSource,
  ReadOptions,
  Requester,
} from '../domain/link-index.ts';
import { CLIENT_BUDGET_EXHAUSTED } from '../domain/verdicts.ts';
import type { Span } from '../telemetry/span.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { failureLifetimeMs, type Lifetimes, maxAgeMs } from './entry.ts';
import { judge } from './judgement.ts';
import type { Leases } from './leases.ts';
import type { PatientStore } from './patient-store.ts';
import { createRecall } from './recall.ts';
import { type Flown, flyShared } from './shared-flight.ts';
import { createSingleFlight } from './single-flight.ts';
import { tracePurchase } from './trace-purchase.ts';

export interface PurchasesOptions {
  /** Where an answer is bought. */
  readonly source: LinkIndexSource;
  readonly memory: AnswerMemory;
  readonly store: PatientStore;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Undefined where no replicas share their purchases. */
  readonly leases?: Leases | undefined;
  /** The key under which an endpoint's answer is kept; the endpoint that is asked now by default. */
  readonly keyOf: (key: LinkIndexKey, endpoint?: EndpointName) => string;
}

/** What a call brought, and whether this requester led it or joined another's. */
export interface Bought {
  readonly outcome: LinkIndexOutcome;
  readonly isLed: boolean;
}

/** The calls in flight. They belong to the process: nobody who waits for one can end it. */
export interface Purchases {
  buy(key: LinkIndexKey, options: ReadOptions): Promise<Bought>;
  /**
   * Gets a newer answer for its own sake; joins the call for this key that is under way.
   * @param readSpan of the read that met the old answer
   */
  refresh(key: LinkIndexKey, requester: Requester, readSpan?: Span): void;
  /** Settles when no call is in flight. */
  idle(): Promise<void>;
  readonly inFlight: number;
}

export function createPurchases(options: PurchasesOptions): Purchases {
  const { source, memory, store, lifetimes, clock, leases, keyOf } = options;
  const recall = createRecall(memory, store);
  const flights = createSingleFlight<Flown>();
  /** The steps of the flights, so that the trace of who joins one can point at it. */
  const steps = new WeakMap<Promise<Flown>, Span>();

  /** The endpoint may have moved while it was bought, by this call or by another. */
  function keyOfOutcome(key: LinkIndexKey, outcome: LinkIndexOutcome, keyBefore: string): string {
    return outcome.kind === 'failure' || !outcome.endpoint ? keyBefore : keyOf(key, outcome.endpoint);
  }

  /** Stored before anyone is answered, and only then seen by other readers. */
  async function purchase(key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome> {
    const keyBefore = keyOf(key);
    const outcome = await source.read(key, options);
    const cacheKey = keyOfOutcome(key, outcome, keyBefore);
    const expiresAtMs = expiryOf(outcome);
    if (expiresAtMs !== undefined) await store.put({ cacheKey, outcome, expiresAtMs });
    // A failure must hide no answer that only the store has.
    if (outcome.kind === 'failure' && memory.get(cacheKey) === undefined) await recall(cacheKey);
    memory.remember(cacheKey, outcome);
    return outcome;
  }

  /** What another replica has bought meanwhile. */
  async function boughtMeanwhile(cacheKey: string): Promise<LinkIndexOutcome | undefined> {
    await recall(cacheKey);
    const judgement = judge(memory.get(cacheKey), lifetimes, clock());
    return judgement.kind === 'serve' && !judgement.isDue ? judgement.outcome : undefined;
  }

  async function fly(key: LinkIndexKey, options: ReadOptions, isForced: boolean): Promise<Flown> {
    const cacheKey = keyOf(key);
    const flown = await flyShared({
      leases,
      cacheKey,
      isForced,
      recall: () => boughtMeanwhile(cacheKey),
      purchase: (lease) => purchase(key, { ...options, lease }),
    });
    const { outcome, isOwn } = flown;
    if (!isOwn) memory.recall(keyOfOutcome(key, outcome, cacheKey), outcome);
    return flown;
  }

  function traced(fly: (span?: Span) => Promise<Flown>, step: Span | undefined): Promise<Flown> {
    return step ? tracePurchase(step, fly(step)) : fly();
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
    async buy(key, options) {
      const isForced = !options.acceptCache;
      for (;;) {
        const lead: { isLed: boolean; step?: Span | undefined } = { isLed: false };
        const start = () => {
          lead.isLed = true;
          lead.step = options.span?.child('purchase', { reason: isForced ? 'forced' : 'miss' });
          return traced((span) => fly(key, { ...options, span }, isForced), lead.step);
        };
        const flight = isForced ? flights.joinForced(keyOf(key), start) : flights.join(keyOf(key), start);
        if (lead.step) steps.set(flight, lead.step);
        else options.span?.link(steps.get(flight));
        const { outcome, isOwn } = await flight;
        const isLed = lead.isLed && isOwn;
        // What another client's limit did not allow, this one's may.
        if (isLed || !isRefusedToClient(outcome)) return { outcome, isLed };
      }
    },
    refresh(key, requester, readSpan) {
      const lead: { step?: Span | undefined } = {};
      const start = () => {
        lead.step = readSpan?.detached('purchase', { reason: 'refresh' });
        return traced((span) => fly(key, { acceptCache: false, requester, span }, false), lead.step);
      };
      const flight = flights.join(keyOf(key), start);
      if (lead.step) steps.set(flight, lead.step);
      // A fault of ours in a refresh has no caller to be told to; the next read meets it.
      flight.catch(() => {});
    },
    idle: () => flights.idle(),
    get inFlight() {
      return flights.size;
    },
  };
}

function isRefusedToClient(outcome: LinkIndexOutcome): boolean {
  return outcome.kind === 'failure' && outcome.error.verdict === CLIENT_BUDGET_EXHAUSTED;
}
