import { freshnessOf, type Lifetimes } from '../../src/cache/entry.ts';
import type { LinkIndexKey, LinkIndexOutcome, Requester } from '../../src/domain/link-index.ts';
import type { GatewayLine } from './gateway-line.ts';
import type { MeteredUpstream } from './metered-upstream.ts';
import { createImpatient, wordOf } from './paid-outcomes.ts';
import type { Expectation, Reference } from './reference.ts';

/** Somebody who reads one key, and what must come of it. */
interface Reader {
  readonly key: LinkIndexKey;
  readonly isForced: boolean;
  readonly startedAtMs: number;
  readonly expectation: Expectation;
  readonly requester: Requester;
  readonly leave: () => void;
  outcome?: LinkIndexOutcome;
}

export interface ReadersOptions {
  readonly upstream: MeteredUpstream;
  readonly reference: Reference;
  readonly lifetimes: Lifetimes;
  readonly clock: () => number;
  readonly violate: (what: string) => void;
}

/** Everybody who reads, each checked as soon as there is an outcome. */
export function createReaders({ upstream, reference, lifetimes, clock, violate }: ReadersOptions) {
  const requesters: Requester[] = [];
  let waiting: Reader[] = [];

  function checkBought({ key, isForced, startedAtMs }: Reader, outcome: LinkIndexOutcome): void {
    if (outcome.kind === 'failure') return;
    const age = freshnessOf(outcome, lifetimes, clock());
    if (age === 'expired') violate('an answer that is too old');
    if (isForced && outcome.fetchedAtMs < startedAtMs) violate('a forced read got what was bought before it');
    if (outcome.kind === 'no-data') return;
    const call = upstream.calls[outcome.scores.star?.value ?? -1];
    if (call?.key.kolId !== key.kolId || call.key.industryTag !== key.industryTag) {
      violate('an answer of another key');
      return;
    }
    if (call.endedAtMs !== outcome.fetchedAtMs) violate('an answer with the time of another');
    if (isForced && call.options.acceptCache) violate('a forced read got what the vendor may have kept');
    if ((outcome.freshness === 'FRESH') !== (age === 'fresh')) violate(`${outcome.freshness} for what is ${age}`);
  }

  /** @param mayAsk whether the upstream could be asked as the read began */
  function checkAtOnce(reader: Reader, mayAsk: boolean): void {
    const { expectation, outcome } = reader;
    if (expectation.kind === 'remembered-failure' && outcome?.kind !== 'failure')
      violate('a failure was not remembered');
    if (expectation.kind !== 'served') return;
    if (outcome === undefined) {
      violate('a hit waits for a miss');
      return;
    }
    const { outcome: known, isPaused } = expectation;
    const age = freshnessOf(known, lifetimes, clock());
    const stale = isPaused || !mayAsk ? 'STALE_UPSTREAM_FAILED' : 'STALE_REVALIDATING';
    const freshness = known.kind === 'no-data' ? 'no-data' : age === 'fresh' ? 'FRESH' : stale;
    if (wordOf(outcome) !== freshness) violate(`${wordOf(outcome)} instead of ${freshness}`);
    if (outcome.kind === 'failure') violate('a failure, where an answer is known');
    if (outcome.kind !== 'failure' && outcome.fetchedAtMs !== known.fetchedAtMs) violate('not the newest answer');
  }

  function checkFallback({ expectation }: Reader, outcome: LinkIndexOutcome): void {
    if (expectation.kind !== 'at-least' || outcome.kind !== 'failure' || outcome.error.code === 'BAD_USER_INPUT')
      return;
    if (reference.isServable(expectation.outcome))
      violate(`${outcome.error.code}, where a stale answer could be served`);
  }

  return {
    isReader: (requester: Requester) => requesters.includes(requester),
    get waiting(): readonly Pick<Reader, 'requester'>[] {
      return waiting;
    },
    /** Begins to read; `settle` lets everything follow that needs no timer. */
    async read(line: GatewayLine, key: LinkIndexKey, isForced: boolean, settle: () => Promise<void>): Promise<void> {
      const expectation: Expectation = isForced ? { kind: 'anything' } : reference.expectationOf(key);
      const mayAsk = line.pipeline.refusal() === undefined;
      const { requester, leave } = createImpatient();
      const reader: Reader = {
        ...{ key, isForced, startedAtMs: clock(), expectation, requester, leave },
      };
      requesters.push(requester);
      waiting.push(reader);
      const options = { acceptCache: !isForced, requester };
      const hit = isForced ? undefined : line.cache.peek(key);
      const outcome = hit ? Promise.resolve(hit) : line.cache.read(key, options);
      outcome.then((settled) => {
        reader.outcome = settled;
        waiting = waiting.filter((other) => other !== reader);
        checkBought(reader, settled);
        checkFallback(reader, settled);
      }, violate);
      await settle();
      checkAtOnce(reader, mayAsk);
    },
    async leave(which: number, settle: () => Promise<void>): Promise<void> {
      const reader = waiting[which % Math.max(1, waiting.length)];
      if (!reader) return;
      reader.leave();
      await settle();
      if (!reader.outcome) violate('a wait that does not end');
    },
    /** Their process died. */
    crash() {
      waiting = [];
    },
    requesters,
  };
}
