import type { LinkIndexSource, Payer, Policy } from '../domain/link-index.ts';
import type { Timers } from '../domain/time.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import { STOPPING } from '../domain/verdicts.ts';
import type { ClientLedgers, Ledger } from './ledger/ledger.ts';
import { createAdmission, type SharedPace } from './policies/admission.ts';
import { type BreakerName, createBreakers, type SharedPauses } from './policies/breakers.ts';
import { budgetExhausted, clientBudgetExhausted, spendWithinBudget } from './policies/budget.ts';
import { extendLease } from './policies/lease.ts';
import { createRetryBudget, retry } from './policies/retry.ts';

export interface PipelineOptions {
  /** One attempt at a paid call. */
  readonly source: LinkIndexSource;
  readonly ledger: Ledger;
  readonly clients: ClientLedgers;
  readonly maxAttempts: number;
  readonly maxConcurrent: number;
  /** Undefined is no limit. */
  readonly maxPerSecond: number | undefined;
  /** The line of all replicas; undefined where this process keeps the pace by itself. */
  readonly pace?: SharedPace | undefined;
  /** What replicas share about pauses; undefined where there are none. */
  readonly pauses?: SharedPauses | undefined;
  readonly maxQueued: number;
  /** Off in sandbox mode, where a magic id fails only itself. */
  readonly hasBreakers: boolean;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since whenever; never set back. The clock by default. */
  readonly steadyMs?: (() => number) | undefined;
  readonly timers: Timers;
  readonly random: () => number;
}

export interface Pipeline extends LinkIndexSource {
  /** Why nothing may be asked now on this payer's behalf, if so. */
  refusal(payer?: Payer): UpstreamError | undefined;
  /** The account has a new token. */
  forgiveAccount(): void;
  /** Calls in flight, and calls that wait for their turn. */
  readonly inFlight: number;
  readonly queued: number;
  openBreakers(): readonly BreakerName[];
  /** Starts no attempt from now on, and refuses what waits. */
  stop(): void;
}

/** The policies around an attempt at a paid call, in one list from the outside in. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { source, ledger, clients, hasBreakers, pauses, clock } = options;
  const { steadyMs = clock } = options;
  const breakers = createBreakers({ clock, steadyMs, onChange: pauses?.tell });
  const stopping = new AbortController();

  function refusal(): UpstreamError | undefined {
    if (stopping.signal.aborted) return new UpstreamError(STOPPING, { retryAfterSeconds: 1 });
    return (
      (hasBreakers ? breakers.refusal() : undefined) ?? (ledger.isExhausted() ? budgetExhausted(ledger) : undefined)
    );
  }

  const admission = createAdmission({ ...options, slowsDown: hasBreakers, refusal });
  const pipeline = compose(
    retry({ ...options, budget: createRetryBudget(steadyMs), stopping: stopping.signal }),
    admission.policy,
    ...(hasBreakers ? [breakers.policy] : []),
    extendLease(clock),
    spendWithinBudget({ ledger, clients, clock }),
  );
  const { read } = pipeline(source);

  pauses?.listen((name, pause) => {
    breakers.adopt(name, pause);
    admission.review();
  });

  return {
    read,
    refusal(payer) {
      const ofClient = payer?.billedPerDay === undefined ? undefined : clients.of(payer.name);
      return admission.refusal() ?? (ofClient?.isExhausted() ? clientBudgetExhausted(ofClient) : undefined);
    },
    get inFlight() {
      return admission.inFlight;
    },
    get queued() {
      return admission.queued;
    },
    openBreakers: () => (hasBreakers ? breakers.openNames() : []),
    forgiveAccount() {
      breakers.forgiveAccount();
      admission.review();
    },
    stop() {
      stopping.abort();
      admission.review();
    },
  };
}

/** The first policy is the outermost: it sees a read first and its outcome last. */
function compose(...policies: readonly Policy[]): Policy {
  return (source) => policies.reduceRight((next, policy) => policy(next), source);
}
