import { type Breaker, createBreaker, type Finding, type Pause } from './breaker.ts';
import { createFailureRate } from './failure-rate.ts';
import type { LinkIndexOutcome, LinkIndexSource } from './link-index-source.ts';
import type { UpstreamError } from './upstream-error.ts';

/** How long the first pause of every breaker but the quota's lasts, in milliseconds. */
export const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 600_000;
/** The vendor names no time zone for the day of its quota, so it is asked now and then. */
const QUOTA_PAUSE_MS = 900_000;

export type BreakerName = 'account' | 'endpoint' | 'quota' | 'upstream';

export interface Breakers {
  /** Why nothing may be asked now, if so. */
  refusal(): UpstreamError | undefined;
  /** Behind the breakers: what an attempt shows opens or closes them. */
  guard(source: LinkIndexSource): LinkIndexSource;
  /** The account has a new token: what was known about it holds no more. */
  forgiveAccount(): void;
  /** Another replica found something out. */
  adopt(name: BreakerName, pause: Pause | undefined): void;
  openNames(): readonly BreakerName[];
}

export interface BreakersOptions {
  /** Milliseconds since whenever. */
  readonly clock: () => number;
  /** Told what attempts of this process opened, or with undefined closed. */
  readonly onChange?: ((name: BreakerName, pause: Pause | undefined) => void) | undefined;
}

/** One breaker per thing that can be condemned: each opens by what failed, and not by how often alone. */
export function createBreakers({ clock, onChange }: BreakersOptions): Breakers {
  const create = (name: BreakerName, firstPauseMs = FIRST_PAUSE_MS, maxPauseMs = MAX_PAUSE_MS) =>
    createBreaker({ firstPauseMs, maxPauseMs, clock, onChange: (pause) => onChange?.(name, pause) });
  const breakers: Readonly<Record<BreakerName, Breaker>> = {
    account: create('account'),
    endpoint: create('endpoint'),
    quota: create('quota', QUOTA_PAUSE_MS, QUOTA_PAUSE_MS),
    upstream: create('upstream'),
  };
  const names = Object.keys(breakers) as BreakerName[];
  const failureRate = createFailureRate(clock);

  function findingFor(name: BreakerName, outcome: LinkIndexOutcome): Finding {
    if (outcome.kind === 'failure' && outcome.error.verdict.condemns === 'nothing') return 'nothing';
    if (name === 'upstream') {
      const isFailure = isUpstreamFailure(outcome);
      failureRate.add(isFailure);
      if (!isFailure) return 'good';
      return failureRate.isTooHigh() || breakers.upstream.isOpen() ? 'bad' : 'nothing';
    }
    if (outcome.kind !== 'failure') return 'good';
    const { condemns, billed } = outcome.error.verdict;
    if (condemns === name) return 'bad';
    // A business code that blames something else was reached past the account, the endpoint and the quota.
    const blamesElse = condemns === 'call' || condemns === 'upstream';
    return outcome.error.upstreamCode !== undefined && billed === 'no' && blamesElse ? 'good' : 'nothing';
  }

  return {
    refusal() {
      for (const name of names) {
        const refusal = breakers[name].refusal();
        if (refusal) return refusal;
      }
      return undefined;
    },

    guard: (source) => ({
      async read(key, options) {
        const entries = names.map((name) => [name, breakers[name].enter()] as const);
        const wasOpen = breakers.upstream.isOpen();
        let outcome: LinkIndexOutcome | undefined;
        try {
          outcome = await source.read(key, options);
          return outcome;
        } finally {
          const code = outcome?.kind === 'failure' ? outcome.error.code : undefined;
          for (const [name, entry] of entries) entry.leave(outcome ? findingFor(name, outcome) : 'nothing', code);
          if (wasOpen && !breakers.upstream.isOpen()) failureRate.reset();
        }
      },
    }),

    forgiveAccount: () => breakers.account.close(),
    adopt: (name, pause) => breakers[name].adopt(pause),
    openNames: () => names.filter((name) => breakers[name].isOpen()),
  };
}

/** The upstream itself is in trouble: 5xx, not to be reached, or no whole answer. */
function isUpstreamFailure(outcome: LinkIndexOutcome): boolean {
  return outcome.kind === 'failure' && outcome.error.verdict.condemns === 'upstream';
}
