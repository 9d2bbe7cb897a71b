import {
  billedOf,
  type LinkIndexKey,
  type LinkIndexOutcome,
  type LinkIndexSource,
  type ReadOptions,
  type Requester,
} from '../../src/domain/link-index.ts';
import type { UpstreamErrorDetails } from '../../src/domain/upstream-error.ts';
import type { Billed } from '../../src/domain/verdicts.ts';
import type { TestClock } from '../support/test-clock.ts';
import { utcDayOf } from '../support/utc-days.ts';
import { cacheKeyIn } from './gateway-line.ts';
import { outcomeOf, type Reply } from './paid-outcomes.ts';

/** One attempt as the vendor's books have it. */
export interface MeteredCall {
  readonly id: number;
  readonly key: LinkIndexKey;
  readonly options: ReadOptions;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  /**
   * What the gateway can know of the money: a call that it died over is unknown to it, or `lost` where it began while
   * the store was away, and so could be written down nowhere.
   */
  readonly billed: Billed | 'open' | 'lost';
  readonly isWrittenDown: boolean;
}

export interface MeteredUpstream extends LinkIndexSource {
  readonly calls: readonly MeteredCall[];
  readonly openCalls: readonly MeteredCall[];
  reply(call: MeteredCall, reply: Reply, details?: UpstreamErrorDetails): void;
  /** Whoever waited for the open calls is dead; they may have been billed all the same. */
  abandon(): void;
}

export interface MeteredUpstreamOptions {
  readonly clock: TestClock;
  readonly dailyBudget: number | undefined;
  readonly maxConcurrent: number;
  readonly isStoreAway: () => boolean;
  readonly violate: (what: string) => void;
}

type Mutable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

/** A condemnation pauses all calls for at least this, in milliseconds; `call` condemns itself alone. */
const FIRST_PAUSE_MS = { nothing: 0, call: 0, upstream: 0, account: 30_000, endpoint: 30_000, quota: 900_000 };

/** The vendor: it holds every call until it is told what to reply, and watches over what it is asked. */
export function createMeteredUpstream(options: MeteredUpstreamOptions) {
  const { clock, dailyBudget = Number.POSITIVE_INFINITY, maxConcurrent, isStoreAway, violate } = options;
  const calls: Mutable<MeteredCall>[] = [];
  const resolvers = new Map<number, (outcome: LinkIndexOutcome) => void>();
  const openCalls = () => calls.filter(({ billed }) => billed === 'open');
  let pausedUntilMs = 0;

  function checkStart(key: LinkIndexKey): void {
    const isOpen = openCalls().some((call) => cacheKeyIn(call.key) === cacheKeyIn(key));
    if (openCalls().length >= maxConcurrent) violate(`more than ${maxConcurrent} calls in flight`);
    if (isOpen) violate(`a second call for ${cacheKeyIn(key)} while one is in flight`);
    if (clock.nowMs() < pausedUntilMs) violate('a call while a breaker must be open');
    const day = utcDayOf(clock.nowMs());
    if (spentOn(day) >= dailyBudget) violate(`a call beyond the budget of ${dailyBudget} on ${day}`);
  }

  /** Everything that was billed, may have been, or may yet be. */
  function spentOn(day: string): number {
    const ofDay = calls.filter(({ startedAtMs }) => utcDayOf(startedAtMs) === day);
    return ofDay.filter(({ billed }) => billed !== 'no' && billed !== 'lost').length;
  }

  return {
    calls,
    get openCalls() {
      return openCalls();
    },
    read(key: LinkIndexKey, readOptions: ReadOptions): Promise<LinkIndexOutcome> {
      checkStart(key);
      const { promise, resolve } = Promise.withResolvers<LinkIndexOutcome>();
      const call = { id: calls.length, key, options: readOptions, startedAtMs: clock.nowMs() };
      calls.push({ ...call, endedAtMs: undefined, billed: 'open', isWrittenDown: !isStoreAway() });
      resolvers.set(call.id, resolve);
      return promise;
    },
    reply({ id }: MeteredCall, reply: Reply, details?: UpstreamErrorDetails): void {
      const call = calls[id] as Mutable<MeteredCall>;
      const outcome = outcomeOf(reply, clock.nowMs(), id, details);
      call.endedAtMs = clock.nowMs();
      call.billed = billedOf(outcome);
      const pauseMs = outcome.kind === 'failure' ? FIRST_PAUSE_MS[outcome.error.verdict.blames] : 0;
      // A call from before the pause says nothing about the time after it.
      if (call.startedAtMs >= pausedUntilMs && pauseMs > 0) pausedUntilMs = clock.nowMs() + pauseMs;
      resolvers.get(id)?.(outcome);
    },
    abandon() {
      for (const call of openCalls()) {
        call.billed = call.isWrittenDown ? 'unknown' : 'lost';
        call.endedAtMs = clock.nowMs();
      }
      pausedUntilMs = clock.nowMs();
    },
    /** The account has a new token. */
    forgive() {
      pausedUntilMs = clock.nowMs();
    },
    /** What one requester's calls cost, as far as anybody knows. */
    billedCallsOf: (requester: Requester) =>
      calls.filter(({ options: { requester: own }, billed }) => own === requester && billed === 'yes').length,
  } satisfies MeteredUpstream & Record<string, unknown>;
}
