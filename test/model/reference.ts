import { failureLifetimeMs, freshnessOf, type Lifetimes, maxAgeMs, refreshPauseMs } from '../../src/cache/entry.ts';
import type {
  LinkIndexAnswer,
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexSource,
  NoLinkIndex,
  ReadOptions,
} from '../../src/domain/link-index.ts';
import { cacheKeyIn } from './gateway-line.ts';

/** What has been bought of one key, as plainly as it can be said. */
interface Known {
  answer?: LinkIndexAnswer | NoLinkIndex;
  /** Until when what failed is not bought again on its own account. */
  failedUntilMs: number;
  /** The same, as it is stored. */
  storedUntilMs: number;
  /** Until when what can be served is not refreshed again. */
  pausedUntilMs: number;
  /** Whether the process has it in memory, so that it needs no store. */
  isInMemory: boolean;
  /** Read while the store was away: what the process remembers of it is less than what was stored. */
  isBlind: boolean;
}

function newlyKnown(): Known {
  return {
    failedUntilMs: 0,
    storedUntilMs: 0,
    pausedUntilMs: 0,

    isInMemory: false,
    isBlind: false,
  };
}

/** What an unforced read must find. */
export type Expectation =
  | { readonly kind: 'served'; readonly outcome: LinkIndexAnswer | NoLinkIndex; readonly isPaused: boolean }
  | { readonly kind: 'remembered-failure' }
  /** A third-window answer, unless the upstream has something to say of this key. */
  | { readonly kind: 'at-least'; readonly outcome: LinkIndexAnswer }
  | { readonly kind: 'anything' };

export interface ReferenceOptions {
  readonly lifetimes: Lifetimes;
  readonly clock: () => number;
  readonly isStoreAway: () => boolean;
  readonly violate: (what: string) => void;
}

/** The reference model: one map, no concurrency, and nothing that can fail. */
export function createReference({ lifetimes, clock, isStoreAway, violate }: ReferenceOptions) {
  const keys = new Map<string, Known>();
  const open = new Set<string>();

  function knownOf(key: LinkIndexKey): Known {
    const cacheKey = cacheKeyIn(key);
    const known = keys.get(cacheKey) ?? newlyKnown();
    keys.set(cacheKey, known);
    return known;
  }

  const windowNow = ({ answer }: Known) => (answer ? freshnessOf(answer, lifetimes, clock()) : 'expired');

  /** Whether a read can know what was bought before. */
  function look(known: Known): boolean {
    if (known.isInMemory) return !known.isBlind;
    if (isStoreAway()) known.isBlind = true;
    else known.isInMemory = true;
    return !known.isBlind;
  }

  function expectationOf(key: LinkIndexKey): Expectation {
    const known = knownOf(key);
    if (!look(known)) return { kind: 'anything' };
    const isPaused = clock() < known.pausedUntilMs;
    const { answer } = known;
    switch (windowNow(known)) {
      case 'fresh':
      case 'stale-while-revalidate':
        return { kind: 'served', outcome: answer as LinkIndexAnswer, isPaused };
      case 'stale-if-error':
        return { kind: 'at-least', outcome: answer as LinkIndexAnswer };
      case 'expired':
        return { kind: clock() < known.failedUntilMs ? 'remembered-failure' : 'anything' };
    }
  }

  function checkStart(key: LinkIndexKey, options: ReadOptions, isForced: boolean): void {
    const known = knownOf(key);
    const name = cacheKeyIn(key);
    if (open.has(name)) violate(`a second purchase of ${name} while one is in flight`);
    if (isForced || !look(known)) return;
    const age = windowNow(known);
    if (age === 'fresh') violate(`a purchase of ${name}, which is fresh`);
    if (age === 'stale-while-revalidate' && options.acceptCache) violate(`a reader waits for ${name}, which is stale`);
    if (clock() < known.failedUntilMs) violate(`a purchase of ${name}, which may have been billed a moment ago`);
    if (clock() < known.pausedUntilMs) violate(`a purchase of ${name} soon after a failed refresh`);
  }

  function noteEnd(key: LinkIndexKey, outcome: LinkIndexOutcome): void {
    const known = knownOf(key);
    if (outcome.kind !== 'failure') {
      keys.set(cacheKeyIn(key), { ...newlyKnown(), answer: outcome, isInMemory: true });
      return;
    }
    look(known);
    const nowMs = clock();
    const lifetimeMs = failureLifetimeMs(outcome, lifetimes);
    if (lifetimeMs > 0) known.storedUntilMs = nowMs + lifetimeMs;
    known.failedUntilMs = Math.max(known.failedUntilMs, nowMs + lifetimeMs);
    if (windowNow(known) === 'expired') return;
    known.pausedUntilMs = Math.max(known.pausedUntilMs, nowMs + refreshPauseMs(outcome, lifetimes));
  }

  return {
    expectationOf,
    /** Watches over the purchases of one process. */
    watch: (isForced: (options: ReadOptions) => boolean) => (source: LinkIndexSource) =>
      ({
        async read(key, options) {
          checkStart(key, options, isForced(options));
          open.add(cacheKeyIn(key));
          const outcome = await source.read(key, options);
          open.delete(cacheKeyIn(key));
          noteEnd(key, outcome);
          return outcome;
        },
      }) satisfies LinkIndexSource,
    /** What is not stored is forgotten. */
    crash() {
      open.clear();
      for (const known of keys.values()) {
        known.isInMemory = false;
        known.isBlind = false;
        known.failedUntilMs = known.storedUntilMs;
        known.pausedUntilMs = known.storedUntilMs;
      }
    },
    isServable: (outcome: LinkIndexAnswer) => clock() - outcome.fetchedAtMs < maxAgeMs(lifetimes),
    get openCount() {
      return open.size;
    },
  };
}

export type Reference = ReturnType<typeof createReference>;
