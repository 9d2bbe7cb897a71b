import { type Breaker, createBreaker, type Finding } from './breaker.ts';
import { createFailureRate } from './failure-rate.ts';
import type { LinkIndexOutcome, LinkIndexSource } from './link-index-source.ts';
import type { UpstreamError } from './upstream-error.ts';

const FIRST_PAUSE_MS = 30_000;
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
  openNames(): readonly BreakerName[];
}

/** One breaker per thing that can be condemned: each opens by what failed, and not by how often alone. */
export function createBreakers({ clock }: { readonly clock: () => number }): Breakers {
  const pauses = { firstPauseMs: FIRST_PAUSE_MS, maxPauseMs: MAX_PAUSE_MS, clock };
  const breakers: Readonly<Record<BreakerName, Breaker>> = {
    account: createBreaker(pauses),
    endpoint: createBreaker(pauses),
    quota: createBreaker({ firstPauseMs: QUOTA_PAUSE_MS, maxPauseMs: QUOTA_PAUSE_MS, clock }),
    upstream: createBreaker(pauses),
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
    openNames: () => names.filter((name) => breakers[name].isOpen()),
  };
}

/** The upstream itself is in trouble: 5xx, not to be reached, or no whole answer. */
function isUpstreamFailure(outcome: LinkIndexOutcome): boolean {
  return outcome.kind === 'failure' && outcome.error.verdict.condemns === 'upstream';
}
