import type { AnswerMemory } from '../cache/answer-memory.ts';
import { type Lifetimes, maxAgeMs, refreshPauseMs } from '../cache/entry.ts';
import { type LinkIndexCacheOptions, pendingError } from '../cache/link-index-cache.ts';
import type { Purchases } from '../cache/purchases.ts';
import type {
  Freshness,
  LinkIndexAnswer,
  LinkIndexFailure,
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexScores,
  ReadOptions,
} from '../domain/link-index.ts';
import { sleep, type Timers } from '../domain/time.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import { OVERLOADED, PAUSED, UNREACHABLE } from '../domain/verdicts.ts';
import { readScores } from '../upstream/index-scores.ts';
import { FIRST_PAUSE_MS } from '../upstream/policies/breakers.ts';
import { scoresOf } from './scores.ts';

/** The magic ids that show a state of the gateway itself. The synthetic upstream does not know them. */
export const GATEWAY_STATE_IDS = [
  'sandbox-stale',
  'sandbox-stale-failed',
  'sandbox-unreachable',
  'sandbox-paused',
  'sandbox-overloaded',
  'sandbox-budget',
  'sandbox-pending',
] as const;

export interface GatewayStatesOptions {
  /** What buys every other id. */
  readonly purchases: Purchases;
  /** Why nothing may be asked for any other id. */
  readonly refusal: LinkIndexCacheOptions['refusal'];
  readonly memory: AnswerMemory;
  readonly keyOf: (key: LinkIndexKey) => string;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Timers;
  /** The refusal of a ledger whose daily budget is used up. */
  readonly budgetExhausted: () => UpstreamError;
}

/** What the cache of a sandbox gateway reads through. */
export interface GatewayStates {
  readonly purchases: Purchases;
  readonly refusal: LinkIndexCacheOptions['refusal'];
  /** Ends every wait for `sandbox-pending`, now and from now on. */
  stop(): void;
}

/** The longest wait for `sandbox-pending`, in milliseconds: as long as `sandbox-slow` takes. */
const MAX_PENDING_MS = 5000;

type State = (key: LinkIndexKey, options: ReadOptions) => LinkIndexOutcome | Promise<LinkIndexOutcome>;

/**
 * The states of the gateway itself as magic ids, for sandbox mode only. No read of them makes a call, is booked, enters
 * the store, or takes a lease.
 *
 * It wraps the purchases, and not the source behind them, because only there a forced read differs from a refresh, and
 * because callers who share one call would share its end: each reader of `sandbox-pending` has a wait of its own.
 */
export function createGatewayStates(options: GatewayStatesOptions): GatewayStates {
  const { purchases, refusal, memory, keyOf, lifetimes, clock, timers, budgetExhausted } = options;
  const { freshMs, staleWhileRevalidateMs, staleIfErrorMs } = lifetimes;
  const stopping = new AbortController();

  const states: Readonly<Record<(typeof GATEWAY_STATE_IDS)[number], State>> = {
    /** The remembered answer is in the middle of the second window, whatever was read before. */
    'sandbox-stale'(key, { acceptCache }) {
      const stale = answerOf(key, 'STALE_REVALIDATING', freshMs + Math.floor(staleWhileRevalidateMs / 2));
      memory.remember(keyOf(key), stale);
      return acceptCache ? stale : answerOf(key, 'FRESH', 0);
    },
    /** The remembered answer is in the middle of the third window, and the failure is remembered as long as the answer. */
    'sandbox-stale-failed'(key, { acceptCache }) {
      const leftMs = Math.ceil(staleIfErrorMs / 2);
      const stale = answerOf(key, 'STALE_UPSTREAM_FAILED', maxAgeMs(lifetimes) - leftMs);
      memory.remember(keyOf(key), stale);
      const failed = failureOf(new UpstreamError(UNREACHABLE, { retryAfterSeconds: Math.floor(leftMs / 1000) }));
      // A failure that outlived the answer would be served in its place.
      if (refreshPauseMs(failed, lifetimes) <= leftMs) memory.remember(keyOf(key), failed);
      return acceptCache ? stale : failureOf(new UpstreamError(UNREACHABLE));
    },
    'sandbox-unreachable': () => failureOf(new UpstreamError(UNREACHABLE)),
    'sandbox-paused': () =>
      failureOf(
        new UpstreamError(PAUSED, { retryAfterSeconds: FIRST_PAUSE_MS / 1000, pausedBy: 'UPSTREAM_INTERNAL_ERROR' }),
      ),
    'sandbox-overloaded': () => failureOf(new UpstreamError(OVERLOADED, { retryAfterSeconds: 1 })),
    'sandbox-budget': () => failureOf(budgetExhausted()),
    async 'sandbox-pending'(_key, { acceptCache, requester }) {
      const leaving = new AbortController();
      void requester.waitOver.then(() => leaving.abort());
      await sleep(timers, MAX_PENDING_MS, AbortSignal.any([leaving.signal, stopping.signal]));
      return failureOf(pendingError(acceptCache));
    },
  };
  const stateById: ReadonlyMap<string, State> = new Map(Object.entries(states));

  function answerOf({ kolId, industryTag }: LinkIndexKey, freshness: Freshness, ageMs: number): LinkIndexAnswer {
    const scores = readScores(scoresOf(kolId, industryTag)) as LinkIndexScores;
    return { kind: 'answer', scores, freshness, fetchedAtMs: clock() - ageMs };
  }

  function failureOf(error: UpstreamError): LinkIndexFailure {
    return { kind: 'failure', error, failedAtMs: clock() };
  }

  return {
    purchases: {
      ...purchases,
      get inFlight() {
        return purchases.inFlight;
      },
      async buy(key, readOptions) {
        const state = stateById.get(key.kolId);
        return state ? { outcome: await state(key, readOptions), isLed: false } : purchases.buy(key, readOptions);
      },
      refresh(key, requester, readSpan) {
        if (!stateById.has(key.kolId)) purchases.refresh(key, requester, readSpan);
      },
    },
    // A stale answer is told as failed where its refresh is refused, and these are refreshed by nobody.
    refusal: (payer, key) => (stateById.has(key.kolId) ? undefined : refusal(payer, key)),
    stop: () => stopping.abort(),
  };
}
