import type { LinkIndexOutcome, Policy } from '../../domain/link-index.ts';
import type { UpstreamError } from '../../domain/upstream-error.ts';
import { daysIn } from '../../domain/zone-days.ts';
import { type Breaker, type BreakerOptions, createBreaker, type Finding, type Pause } from './breaker.ts';
import { createSlidingWindow } from './sliding-window.ts';

/** How long the first pause of every breaker but the quota's lasts, in milliseconds. */
export const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 600_000;
/** The quota is probed so often, for it can be raised at any time, in milliseconds. */
const QUOTA_PAUSE_MS = 900_000;
/**
 * Whose midnight begins the day of the vendor's quota (code 303), and so the moment of a probe. The quota counts code 0
 * only, all tokens of the account together.
 * @see integrators who quote the vendor's usage guide, September 2026. It is second-hand, so the other probes stay.
 */
const VENDOR_QUOTA_TIME_ZONE = 'Asia/Shanghai';

export type BreakerName = 'account' | 'endpoint' | 'quota' | 'upstream';

/** What replicas publish about failures, so that not each of them has to meet the failure itself. */
export interface SharedPauses {
  /** Publishes that a breaker opened, or with undefined that it closed. */
  tell(name: BreakerName, pause: Pause | undefined): void;
  /** Calls back with what the others publish, from now on, and once with what is known. */
  listen(listener: (name: BreakerName, pause: Pause | undefined) => void): void;
}

export interface Breakers {
  /** Why nothing may be asked now, if so. */
  refusal(): UpstreamError | undefined;
  /** What an attempt shows opens or closes the breakers. */
  readonly policy: Policy;
  /** The account has a new token: what was known about it holds no more. */
  forgiveAccount(): void;
  /** Another replica found something out. */
  adopt(name: BreakerName, pause: Pause | undefined): void;
  openNames(): readonly BreakerName[];
}

export interface BreakersOptions {
  /** Milliseconds since the epoch, for the vendor's midnight. */
  readonly clock: () => number;
  /** Milliseconds since whenever, for how long a pause lasts; never set back. The clock by default. */
  readonly steadyMs?: (() => number) | undefined;
  /** Called when an attempt of this process opens a breaker, and with undefined when one closes it. */
  readonly onChange?: ((name: BreakerName, pause: Pause | undefined) => void) | undefined;
}

/** One breaker per thing that a verdict can blame: each opens by what failed, and not by how often alone. */
export function createBreakers({ clock, steadyMs = clock, onChange }: BreakersOptions): Breakers {
  const create = (name: BreakerName, options?: Partial<BreakerOptions>) =>
    createBreaker({
      ...{ firstPauseMs: FIRST_PAUSE_MS, maxPauseMs: MAX_PAUSE_MS, clock: steadyMs },
      onChange: (pause) => onChange?.(name, pause),
      ...options,
    });
  const quotaDays = daysIn(VENDOR_QUOTA_TIME_ZONE);
  const breakers: Readonly<Record<BreakerName, Breaker>> = {
    account: create('account'),
    endpoint: create('endpoint'),
    quota: create('quota', {
      ...{ firstPauseMs: QUOTA_PAUSE_MS, maxPauseMs: QUOTA_PAUSE_MS },
      limitPauseMs: (agoMs) => quotaDays.msToNext(clock() - agoMs),
    }),
    upstream: create('upstream'),
  };
  const names = Object.keys(breakers) as BreakerName[];
  const failureRate = createFailureRate(steadyMs);

  function findingFor(name: BreakerName, outcome: LinkIndexOutcome): Finding {
    if (outcome.kind === 'failure' && !outcome.error.verdict.wasAttempted) return 'nothing';
    if (name === 'upstream') {
      const isFailure = isUpstreamFailure(outcome);
      failureRate.add(isFailure);
      if (!isFailure) return 'good';
      return failureRate.isTooHigh() || breakers.upstream.isOpen() ? 'bad' : 'nothing';
    }
    if (outcome.kind !== 'failure') return 'good';
    const { blames, billed } = outcome.error.verdict;
    if (blames === name) return 'bad';
    // A business code that blames something else was reached past the account, the endpoint and the quota.
    const blamesElse = blames === 'call' || blames === 'upstream';
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

    policy: (next) => ({
      async read(key, options) {
        const entries = names.map((name) => [name, breakers[name].enter()] as const);
        const wasOpen = breakers.upstream.isOpen();
        let outcome: LinkIndexOutcome | undefined;
        try {
          outcome = await next.read(key, options);
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
  return outcome.kind === 'failure' && outcome.error.verdict.blames === 'upstream';
}

/** At least so many attempts must have ended before their failures say something. */
const MIN_ATTEMPTS = 20;
const WINDOW_MS = 60_000;

/** How many of the attempts of the last 60 s failed. */
export interface FailureRate {
  add(isFailure: boolean): void;
  /** Whether at least half of 20 or more attempts within 60 s failed. */
  isTooHigh(): boolean;
  reset(): void;
}

/** @param clock milliseconds, never set back */
export function createFailureRate(clock: () => number): FailureRate {
  const attempts = createSlidingWindow(WINDOW_MS, clock);
  const failures = createSlidingWindow(WINDOW_MS, clock);

  return {
    add(isFailure) {
      attempts.add();
      if (isFailure) failures.add();
    },
    isTooHigh: () => attempts.total() >= MIN_ATTEMPTS && failures.total() * 2 >= attempts.total(),
    reset() {
      attempts.reset();
      failures.reset();
    },
  };
}
