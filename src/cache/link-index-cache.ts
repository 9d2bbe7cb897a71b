import type {
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexSource,
  Payer,
  ReadOptions,
  Requester,
} from '../domain/link-index.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import { FORCED_PENDING, PENDING, WOULD_BUY } from '../domain/verdicts.ts';
import type { Span } from '../telemetry/span.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { Lifetimes } from './entry.ts';
import { type Judgement, judge, mayReplace, stale } from './judgement.ts';
import type { PatientStore } from './patient-store.ts';
import type { Purchases } from './purchases.ts';
import { createRecall } from './recall.ts';

export interface LinkIndexCacheOptions {
  readonly memory: AnswerMemory;
  readonly store: PatientStore;
  readonly purchases: Purchases;
  /** Why nothing may be asked of the upstream now on this payer's behalf, if so. */
  readonly refusal: (payer: Payer | undefined, key: LinkIndexKey) => UpstreamError | undefined;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly keyOf: (key: LinkIndexKey) => string;
}

export interface LinkIndexCache extends LinkIndexSource {
  /**
   * What is already paid for and may be served now; synchronous, so that a hit never waits for a miss.
   * What is past its fresh lifetime is refreshed behind it, by one call whatever the number of readers.
   * @param span the step of a trace that this read is
   */
  peek(key: LinkIndexKey, requester?: Requester, span?: Span): LinkIndexOutcome | undefined;
  read(key: LinkIndexKey, options: CacheReadOptions): Promise<LinkIndexOutcome>;
}

export interface CacheReadOptions extends ReadOptions {
  /** Told when a call answers, and not the memory or the store: whether this reader led it or joined another's. */
  readonly onBought?: (bought: { readonly isLed: boolean }) => void;
}

/** Nobody waits for a refresh, so it has no end to its patience; whoever met the old answer pays for the new one. */
function refresher({ payer }: Partial<Requester>): Requester {
  return { billedCalls: 0, waitOver: new Promise(() => {}), payer };
}

/** What a read is told that waits no longer. @param acceptCache whether it was an unforced read */
export function pendingError(acceptCache: boolean): UpstreamError {
  return new UpstreamError(acceptCache ? PENDING : FORCED_PENDING, { retryAfterSeconds: 1 });
}

/** Answers already paid for, in front of the source that sells them: memory, then the store, then a purchase. */
export function createLinkIndexCache(options: LinkIndexCacheOptions): LinkIndexCache {
  const { memory, store, purchases, refusal, lifetimes, clock, keyOf } = options;
  const recall = createRecall(memory, store);

  function judgementOf(key: LinkIndexKey): Judgement {
    return judge(memory.get(keyOf(key)), lifetimes, clock());
  }

  function peek(
    key: LinkIndexKey,
    { payer, mayBuy = true }: Partial<Requester> = {},
    span?: Span,
  ): LinkIndexOutcome | undefined {
    const judgement = judgementOf(key);
    if (judgement.kind === 'ask') return undefined;
    const { outcome, isDue } = judgement;
    if (!isDue || outcome.kind !== 'answer') return outcome;
    if (!mayBuy) return outcome;
    if (refusal(payer, key)) return stale(outcome, true);
    purchases.refresh(key, refresher({ payer }), span);
    return outcome;
  }

  /** What the purchase brings, or `UPSTREAM_PENDING` when the requester waits no longer; the purchase goes on. */
  async function buy(key: LinkIndexKey, readOptions: CacheReadOptions): Promise<LinkIndexOutcome> {
    const { acceptCache, requester, onBought } = readOptions;
    if (requester.mayBuy === false) return failure(new UpstreamError(WOULD_BUY));
    const pending = () => failure(pendingError(acceptCache));
    const outcome = purchases.buy(key, readOptions).then((bought) => {
      onBought?.(bought);
      return bought.outcome;
    });
    return Promise.race([outcome, requester.waitOver.then(pending)]);
  }

  function failure(error: UpstreamError): LinkIndexOutcome {
    return { kind: 'failure', error, failedAtMs: clock() };
  }

  return {
    peek,
    async read(key, readOptions) {
      if (!readOptions.acceptCache) return buy(key, readOptions);
      await recall(keyOf(key));
      const served = peek(key, readOptions.requester, readOptions.span);
      if (served) return served;
      const outcome = await buy(key, readOptions);
      if (mayReplace(outcome)) return outcome;
      const judgement = judgementOf(key);
      if (judgement.kind === 'serve') return judgement.outcome;
      if (judgement.fallback === undefined) return outcome;
      return stale(
        judgement.fallback,
        outcome.kind === 'failure' && outcome.error.verdict !== PENDING && outcome.error.verdict !== WOULD_BUY,
      );
    },
  };
}
