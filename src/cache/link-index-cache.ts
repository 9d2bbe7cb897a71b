import { PENDING } from '../upstream/business-codes.ts';
import type {
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexSource,
  ReadOptions,
  Requester,
} from '../upstream/link-index-source.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
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
  /** Why nothing may be asked of the upstream now, if so. */
  readonly refusal: () => UpstreamError | undefined;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly keyOf: (key: LinkIndexKey) => string;
}

export interface LinkIndexCache extends LinkIndexSource {
  /**
   * What is already paid for and may be served now; synchronous, so that a hit never waits for a miss.
   * What is past its fresh lifetime is refreshed behind it, by one call whatever the number of readers.
   */
  peek(key: LinkIndexKey): LinkIndexOutcome | undefined;
}

/** Nobody waits for a refresh, so it has no end to its patience. */
function backgroundRequester(): Requester {
  return { billedCalls: 0, waitOver: new Promise(() => {}) };
}

/** Answers already paid for, in front of the source that sells them: memory, then the store, then a purchase. */
export function createLinkIndexCache(options: LinkIndexCacheOptions): LinkIndexCache {
  const { memory, store, purchases, refusal, lifetimes, clock, keyOf } = options;
  const recall = createRecall(memory, store);

  function judgementOf(key: LinkIndexKey): Judgement {
    return judge(memory.get(keyOf(key)), lifetimes, clock());
  }

  function peek(key: LinkIndexKey): LinkIndexOutcome | undefined {
    const judgement = judgementOf(key);
    if (judgement.kind === 'ask') return undefined;
    const { outcome, isDue } = judgement;
    if (!isDue || outcome.kind !== 'answer') return outcome;
    if (refusal()) return stale(outcome, true);
    purchases.refresh(key, backgroundRequester());
    return outcome;
  }

  /** What the purchase brings, or `UPSTREAM_PENDING` when the requester waits no longer; the purchase goes on. */
  function buy(key: LinkIndexKey, readOptions: ReadOptions): Promise<LinkIndexOutcome> {
    const pending = (): LinkIndexOutcome => ({
      kind: 'failure',
      error: new UpstreamError(PENDING, { retryAfterSeconds: 1 }),
      failedAtMs: clock(),
    });
    return Promise.race([purchases.buy(key, readOptions), readOptions.requester.waitOver.then(pending)]);
  }

  return {
    peek,
    async read(key, readOptions) {
      if (!readOptions.acceptCache) return buy(key, readOptions);
      await recall(keyOf(key));
      const served = peek(key);
      if (served) return served;
      const outcome = await buy(key, readOptions);
      if (mayReplace(outcome)) return outcome;
      const judgement = judgementOf(key);
      if (judgement.kind === 'serve') return judgement.outcome;
      if (judgement.fallback === undefined) return outcome;
      return stale(judgement.fallback, outcome.kind === 'failure' && outcome.error.verdict !== PENDING);
    },
  };
}
