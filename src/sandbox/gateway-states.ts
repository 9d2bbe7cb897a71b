import { type LinkIndexCache, pendingError } from '../cache/cache.ts';
import { type Lifetimes, maxAgeMs, refreshPauseMs } from '../cache/entry.ts';
import type { AnswerMemory } from '../cache/memory.ts';
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
import { INTERNAL_ERROR, OVERLOADED, PAUSED, UNREACHABLE } from '../domain/verdicts.ts';
import type { Span } from '../telemetry/span.ts';
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
  /** Reads every other id. */
  readonly cache: LinkIndexCache;
  readonly memory: AnswerMemory;
  readonly keyOf: (key: LinkIndexKey) => string;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Timers;
  /** The refusal of a ledger whose daily budget is used up. */
  readonly budgetExhausted: () => UpstreamError;
}

export interface GatewayStates {
  /** The cache of a sandbox gateway. */
  readonly cache: LinkIndexCache;
  /** Ends every wait for `sandbox-pending`, now and from now on. */
  stop(): void;
}

/** The longest wait for `sandbox-pending`, in milliseconds: as long as `sandbox-slow` takes. */
const MAX_PENDING_MS = 5000;

type State = (key: LinkIndexKey, options: ReadOptions) => LinkIndexOutcome | Promise<LinkIndexOutcome>;

/**
 * The states of the gateway itself as magic ids, for sandbox mode only. A read of one makes no call, is not booked, is not
 * stored, and takes no lease.
 *
 * It wraps the cache and not the source behind it, because only there a forced read differs from a refresh, and because
 * readers who share one call would share its end: each reader of `sandbox-pending` has a wait of its own.
 */
export function createGatewayStates(options: GatewayStatesOptions): GatewayStates {
  const { cache, memory, keyOf, lifetimes, clock, timers, budgetExhausted } = options;
  const { freshMs, staleWhileRevalidateMs, staleIfErrorMs } = lifetimes;
  const stopping = new AbortController();

  const states: Readonly<Record<(typeof GATEWAY_STATE_IDS)[number], State>> = {
    /** The cached answer is in the middle of its second period, whatever was read before. */
    'sandbox-stale'(key, { acceptCache }) {
      const stale = answerOf(key, 'STALE_REVALIDATING', freshMs + Math.floor(staleWhileRevalidateMs / 2));
      memory.remember(keyOf(key), stale);
      return acceptCache ? stale : answerOf(key, 'FRESH', 0);
    },
    /** The cached answer is in the middle of its third period, and the failure is remembered as long as the answer. */
    'sandbox-stale-failed'(key, { acceptCache }) {
      const leftMs = Math.ceil(staleIfErrorMs / 2);
      const stale = answerOf(key, 'STALE_UPSTREAM_FAILED', maxAgeMs(lifetimes) - leftMs);
      memory.remember(keyOf(key), stale);
      const failed = failureOf(new UpstreamError(UNREACHABLE, { retryAfterSeconds: Math.floor(leftMs / 1000) }));
      // A failure that is remembered longer than the answer would be served in its place.
      if (refreshPauseMs(failed, lifetimes) <= leftMs) memory.remember(keyOf(key), failed);
      return acceptCache ? stale : failureOf(new UpstreamError(UNREACHABLE));
    },
    'sandbox-unreachable': () => failureOf(new UpstreamError(UNREACHABLE)),
    'sandbox-paused': () =>
      failureOf(
        new UpstreamError(PAUSED, { retryAfterSeconds: FIRST_PAUSE_MS / 1000, pausedBy: INTERNAL_ERROR.errorCode }),
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

  /** Serves what a state has put into the memory, and refreshes nothing. */
  const peekState = (key: LinkIndexKey, span: Span | undefined) => cache.peek(key, { mayBuy: false }, span);

  return {
    cache: {
      ...cache,
      get inFlight() {
        return cache.inFlight;
      },
      peek: (key, requester, span) =>
        stateById.has(key.kolId) ? peekState(key, span) : cache.peek(key, requester, span),
      async read(key, readOptions) {
        const state = stateById.get(key.kolId);
        if (!state || readOptions.requester.mayBuy === false) return cache.read(key, readOptions);
        const served = readOptions.acceptCache ? peekState(key, readOptions.span) : undefined;
        if (served) return served;
        readOptions.onBought?.({ isLed: false });
        return state(key, readOptions);
      },
    },
    stop: () => stopping.abort(),
  };
}
