import type {
  EndpointName,
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexSource,
  Payer,
  ReadOptions,
  Requester,
} from '../domain/link-index.ts';
import { billedOf } from '../domain/link-index.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import { CLIENT_BUDGET_EXHAUSTED, FORCED_PENDING, PENDING, WOULD_BUY } from '../domain/verdicts.ts';
import type { Span } from '../telemetry/span.ts';
import type { Endpoint } from '../upstream/endpoints.ts';
import { type Decision, decide, expiresAtMsOf, type Lifetimes, markStale } from './entry.ts';
import { createSingleFlight, type FlightResult, type Leases, runShared } from './flights.ts';
import type { AnswerMemory } from './memory.ts';
import type { WriteBehindStore } from './write-behind.ts';

export interface LinkIndexCacheOptions {
  /** Where an answer is bought. */
  readonly source: LinkIndexSource;
  /** Why no call may be made now for this payer; undefined where one may. */
  readonly refusal: (payer: Payer | undefined) => UpstreamError | undefined;
  readonly memory: AnswerMemory;
  readonly store: WriteBehindStore;
  /** Undefined where replicas do not share their purchases. */
  readonly leases?: Leases | undefined;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /**
   * The key under which an answer is cached.
   * @param endpoint where the answer comes from; by default the endpoint that is called now
   */
  readonly keyOf: (key: LinkIndexKey, endpoint?: EndpointName) => string;
}

export interface LinkIndexCache extends LinkIndexSource {
  /**
   * Serves what is in memory, without a promise, so that a hit never waits for a miss. A stale answer is refreshed in the
   * background, by one call for all readers.
   * @param span of this read
   */
  peek(key: LinkIndexKey, requester?: Partial<Requester>, span?: Span): LinkIndexOutcome | undefined;
  /** Memory, then the store, then a purchase. */
  read(key: LinkIndexKey, options: CacheReadOptions): Promise<LinkIndexOutcome>;
  /** The calls in flight. They belong to the process: no caller that waits for one can end it. */
  readonly inFlight: number;
  /** Settles when no call is in flight. */
  idle(): Promise<void>;
}

export interface CacheReadOptions extends ReadOptions {
  /** Called where the outcome comes from a call: whether this read led the call or joined it. */
  readonly onBought?: (bought: { readonly isLed: boolean }) => void;
}

/**
 * Untagged answers are the same at both endpoints; a tag has a meaning only at its endpoint.
 * Ids and tags contain no line break, so two keys never get the same text.
 */
export function cacheKeyOf({ kolId, industryTag }: LinkIndexKey, { name, allIndustriesTag }: Endpoint): string {
  return industryTag === '' || industryTag === allIndustriesTag ? kolId : `${kolId}\n${name}\n${industryTag}`;
}

/** The error of a read whose requester stopped waiting. */
export function pendingError(acceptCache: boolean): UpstreamError {
  return new UpstreamError(acceptCache ? PENDING : FORCED_PENDING, { retryAfterSeconds: 1 });
}

/** The whole read: look up, decide, buy, refresh, and fall back to a stale answer. */
export function createLinkIndexCache(options: LinkIndexCacheOptions): LinkIndexCache {
  const { source, refusal, memory, store, leases, lifetimes, clock, keyOf } = options;
  const flights = createSingleFlight<FlightResult>();
  /** The span of each flight, for the links of the reads that join it. */
  const spans = new WeakMap<Promise<FlightResult>, Span>();

  function decideNow(cacheKey: string): Decision {
    return decide(memory.get(cacheKey), lifetimes, clock());
  }

  async function loadFromStore(cacheKey: string): Promise<void> {
    for (const { outcome } of await store.get(cacheKey)) memory.merge(cacheKey, outcome);
  }

  const peek: LinkIndexCache['peek'] = (key, { payer, mayBuy = true } = {}, span) => {
    const decision = decideNow(keyOf(key));
    if (decision.kind === 'miss') return undefined;
    const { outcome, isDue } = decision;
    if (!isDue || !mayBuy || outcome.kind !== 'answer') return outcome;
    if (refusal(payer)) return markStale(outcome, true);
    refresh(key, payer, span);
    return outcome;
  };

  /** The payer of the read that met the stale answer pays for the new one. */
  function refresh(key: LinkIndexKey, payer: Payer | undefined, readSpan: Span | undefined): void {
    const requester: Requester = { billedCalls: 0, waitOver: new Promise(() => {}), payer };
    const startSpan = () => readSpan?.detached('purchase', { reason: 'refresh' });
    const { flight } = join(key, { acceptCache: false, requester }, false, startSpan);
    // A refresh has no caller that could receive an internal error; the next read meets it.
    flight.catch(() => {});
  }

  async function buy(key: LinkIndexKey, readOptions: CacheReadOptions): Promise<LinkIndexOutcome> {
    const { acceptCache, requester, span, onBought } = readOptions;
    const isForced = !acceptCache;
    const startSpan = () => span?.child('purchase', { reason: isForced ? 'forced' : 'miss' });
    for (;;) {
      const joined = join(key, { acceptCache, requester, span }, isForced, startSpan);
      const { outcome, isOwn } = await joined.flight;
      const isLed = joined.isLed && isOwn;
      // The limit of the client that led the call does not apply to a client that joined it.
      if (!isLed && outcome.kind === 'failure' && outcome.error.verdict === CLIENT_BUDGET_EXHAUSTED) continue;
      onBought?.({ isLed });
      return outcome;
    }
  }

  /** Joins the flight of this key, or starts one. */
  function join(
    key: LinkIndexKey,
    readOptions: ReadOptions,
    isForced: boolean,
    startSpan: () => Span | undefined,
  ): { readonly flight: Promise<FlightResult>; readonly isLed: boolean } {
    let isLed = false;
    let span: Span | undefined;
    const start = () => {
      isLed = true;
      span = startSpan();
      const flight = fly(key, { ...readOptions, span }, isForced);
      return span ? endWith(span, flight) : flight;
    };
    const flight = isForced ? flights.joinForced(keyOf(key), start) : flights.join(keyOf(key), start);
    if (span) spans.set(flight, span);
    else readOptions.span?.link(spans.get(flight));
    return {
      flight,
      // A forced flight starts after the unforced one that it waits for.
      get isLed() {
        return isLed;
      },
    };
  }

  async function fly(key: LinkIndexKey, readOptions: ReadOptions, isForced: boolean): Promise<FlightResult> {
    const cacheKey = keyOf(key);
    const result = await runShared({
      leases,
      cacheKey,
      isForced,
      async load() {
        await loadFromStore(cacheKey);
        const decision = decideNow(cacheKey);
        return decision.kind === 'serve' && !decision.isDue ? decision.outcome : undefined;
      },
      purchase: (lease) => purchase(key, { ...readOptions, lease }),
    });
    if (!result.isOwn) memory.merge(keyOfOutcome(key, result.outcome, cacheKey), result.outcome);
    return result;
  }

  /** The outcome is stored before anyone is answered, and only then visible to other reads. */
  async function purchase(key: LinkIndexKey, readOptions: ReadOptions): Promise<LinkIndexOutcome> {
    const keyBefore = keyOf(key);
    const outcome = await source.read(key, readOptions);
    const cacheKey = keyOfOutcome(key, outcome, keyBefore);
    const expiresAtMs = expiresAtMsOf(outcome, lifetimes);
    if (expiresAtMs !== undefined) await store.put({ cacheKey, outcome, expiresAtMs });
    // A failure must not hide an answer that only the store has.
    if (outcome.kind === 'failure' && memory.get(cacheKey) === undefined) await loadFromStore(cacheKey);
    memory.remember(cacheKey, outcome);
    return outcome;
  }

  /** Another endpoint may have become the current one since the purchase began. */
  function keyOfOutcome(key: LinkIndexKey, outcome: LinkIndexOutcome, keyBefore: string): string {
    return outcome.kind === 'failure' || !outcome.endpoint ? keyBefore : keyOf(key, outcome.endpoint);
  }

  /** @returns undefined where the requester may not buy, or stops waiting; the purchase then goes on */
  async function buyInTime(key: LinkIndexKey, readOptions: CacheReadOptions): Promise<LinkIndexOutcome | undefined> {
    const { requester } = readOptions;
    if (requester.mayBuy === false) return undefined;
    return Promise.race([buy(key, readOptions), requester.waitOver.then(() => undefined)]);
  }

  function notBought({ acceptCache, requester }: ReadOptions): LinkIndexOutcome {
    const error = requester.mayBuy === false ? new UpstreamError(WOULD_BUY) : pendingError(acceptCache);
    return { kind: 'failure', error, failedAtMs: clock() };
  }

  return {
    peek,
    async read(key, readOptions) {
      if (!readOptions.acceptCache) return (await buyInTime(key, readOptions)) ?? notBought(readOptions);
      await loadFromStore(keyOf(key));
      const served = peek(key, readOptions.requester, readOptions.span);
      if (served) return served;
      const bought = await buyInTime(key, readOptions);
      if (bought && (bought.kind !== 'failure' || bought.error.verdict.overridesStale)) return bought;
      const decision = decideNow(keyOf(key));
      if (decision.kind === 'serve') return decision.outcome;
      if (decision.fallback) return markStale(decision.fallback, bought !== undefined);
      return bought ?? notBought(readOptions);
    },
    get inFlight() {
      return flights.size;
    },
    idle: () => flights.idle(),
  };
}

/** Ends the span of a purchase with the purchase, which may be long after the request that started it. */
async function endWith(span: Span, flight: Promise<FlightResult>): Promise<FlightResult> {
  try {
    const result = await flight;
    const { outcome, isOwn } = result;
    span.set({ billed: isOwn ? billedOf(outcome) : 'no', attempts: isOwn ? outcome.attempts : undefined });
    if (outcome.kind === 'failure') span.fail(outcome.error.code);
    else span.set({ outcome: outcome.kind === 'answer' ? 'ok' : 'no_data', endpoint: outcome.endpoint });
    return result;
  } catch (error) {
    span.fail('fault');
    throw error;
  } finally {
    span.end();
  }
}
