import type { LinkIndexOutcome, Policy } from '../../domain/link-index.ts';
import type { Timers } from '../../domain/time.ts';
import { UpstreamError } from '../../domain/upstream-error.ts';
import { OVERLOADED, SLOWED_DOWN } from '../../domain/verdicts.ts';
import { createFairQueue } from './fair-queue.ts';

/** The line of calls in which all replicas of an account stand. */
export interface SharedPace {
  /** Takes the next place. @returns how long to wait for it, in milliseconds; never rejects */
  takePlace(): Promise<number>;
}

export interface AdmissionOptions {
  /** Calls in flight at a time. */
  readonly maxConcurrent: number;
  /** Calls started per second; undefined is no limit. */
  readonly maxPerSecond: number | undefined;
  /** The line in which all replicas stand; undefined where this process keeps the pace by itself. */
  readonly pace?: SharedPace | undefined;
  /** Calls that may wait; one more fails at once. */
  readonly maxQueued: number;
  /** Whether a rate limit that the upstream reports to one call slows everyone down. */
  readonly slowsDown: boolean;
  /** Why nothing may be asked now, if so; waiting calls are then refused, too. */
  readonly refusal: () => UpstreamError | undefined;
  /** Milliseconds since the epoch, for when something failed. */
  readonly clock: () => number;
  /** Milliseconds since whenever, for how long something takes; never set back. The clock by default. */
  readonly steadyMs?: (() => number) | undefined;
  readonly timers: Timers;
  /** A number from 0 to 1 for jitter. */
  readonly random: () => number;
}

export interface Admission {
  readonly policy: Policy;
  /** Why nothing may be asked now, if so. */
  refusal(): UpstreamError | undefined;
  /** To be called when that may have changed. */
  review(): void;
  readonly inFlight: number;
  readonly queued: number;
}

interface Waiting {
  start(): void;
  refuse(error: UpstreamError): void;
}

/** A rate limit that lasts longer is returned to the caller instead of waited for. */
export const MAX_RATE_LIMIT_WAIT_SECONDS = 10;

const FIRST_SLOWDOWN_MS = 1000;
const MAX_SLOWDOWN_MS = 10_000;
/** The most that lies between two starts after a pause. */
const MAX_EASE_MS = 200;

/**
 * The bulkhead and the pacing in one place, for both decide when the next call may start. A rate limit that the
 * upstream reports slows everyone down, not only the call that met it.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { maxConcurrent, maxPerSecond, pace, maxQueued, slowsDown, refusal, clock, timers, random } = options;
  const { steadyMs = clock } = options;
  const spacingMs = maxPerSecond === undefined || pace ? 0 : 1000 / maxPerSecond;
  const waiting = createFairQueue<Waiting>();
  let inFlight = 0;
  let nextStartMs = Number.NEGATIVE_INFINITY;
  /** When our place in the line of all replicas comes; undefined while none is taken. */
  let placeAtMs: number | undefined;
  let isTakingPlace = false;
  /** The last pause that the upstream asked for; undefined before the first. */
  let slowdown: { readonly sinceMs: number; readonly untilMs: number } | undefined;
  let rateLimitsInARow = 0;
  let cancelWakeUp: (() => void) | undefined;

  /** For how much longer the pause lasts, in milliseconds; 0 or less when it is over, or never was. */
  function pauseLeftMs(): number {
    return (slowdown?.untilMs ?? Number.NEGATIVE_INFINITY) - steadyMs();
  }

  /** Until the next call may start, slots apart, in milliseconds; 0 or less when it may start now. */
  function waitMs(): number {
    return Math.max(nextStartMs - steadyMs(), pauseLeftMs(), (placeAtMs ?? Number.NEGATIVE_INFINITY) - steadyMs());
  }

  function canStart(): boolean {
    return inFlight < maxConcurrent && waitMs() <= 0;
  }

  /** A call that would wait longer than that for the upstream's rate limit is refused instead. */
  function refusalNow(): UpstreamError | undefined {
    const retryAfterSeconds = Math.ceil(pauseLeftMs() / 1000);
    if (retryAfterSeconds > MAX_RATE_LIMIT_WAIT_SECONDS) return new UpstreamError(SLOWED_DOWN, { retryAfterSeconds });
    return refusal();
  }

  function dispatch(): void {
    cancelWakeUp?.();
    cancelWakeUp = undefined;
    while (waiting.size > 0) {
      // Asked anew for each: the call just started may be the one probe of a half-open breaker.
      const refused = refusalNow();
      if (refused) {
        for (const call of waiting.drain()) call.refuse(refused);
        return;
      }
      if (pace && placeAtMs === undefined && inFlight < maxConcurrent) {
        takePlace(pace);
        return;
      }
      if (inFlight >= maxConcurrent) return;
      const untilStartMs = waitMs();
      if (untilStartMs > 0) {
        cancelWakeUp = timers.after(untilStartMs, dispatch);
        return;
      }
      waiting.shift()?.start();
      placeAtMs = undefined;
      nextStartMs = steadyMs() + Math.max(spacingMs, easeMs());
    }
  }

  function takePlace(line: SharedPace): void {
    if (isTakingPlace) return;
    isTakingPlace = true;
    void line.takePlace().then((ms) => {
      isTakingPlace = false;
      placeAtMs = steadyMs() + ms;
      dispatch();
    });
  }

  /** After a pause, those who waited start over as long a time again, and not all at once into the next rate limit. */
  function easeMs(): number {
    if (slowdown === undefined || waiting.size === 0) return 0;
    const pauseMs = Math.min(slowdown.untilMs - slowdown.sinceMs, MAX_SLOWDOWN_MS);
    const leftMs = Math.max(0, pauseLeftMs() + pauseMs);
    return Math.min(MAX_EASE_MS, leftMs / (waiting.size + 1));
  }

  /** Starts at once, so that the breakers know of it before the next one is judged. */
  async function admitted(read: () => Promise<LinkIndexOutcome>): Promise<LinkIndexOutcome> {
    inFlight += 1;
    const startedAtMs = steadyMs();
    try {
      return slowDown(await read(), startedAtMs);
    } finally {
      inFlight -= 1;
      dispatch();
    }
  }

  /** Remembers a rate limit for all calls, and puts the time to wait into the error. */
  function slowDown(outcome: LinkIndexOutcome, startedAtMs: number): LinkIndexOutcome {
    if (outcome.kind !== 'failure') rateLimitsInARow = 0;
    if (outcome.kind !== 'failure' || outcome.error.verdict.repeat !== 'later') return outcome;
    const { error } = outcome;
    const askedToWaitMs = (error.retryAfterSeconds ?? 0) * 1000;
    // Calls that were under way when the pause began met the same limit: one burst is one step.
    const isNews = slowdown === undefined || (startedAtMs >= slowdown.sinceMs && pauseLeftMs() <= 0);
    if (slowsDown && (isNews || askedToWaitMs > pauseLeftMs())) {
      const backoffMs = random() * Math.min(MAX_SLOWDOWN_MS, FIRST_SLOWDOWN_MS * 2 ** rateLimitsInARow);
      rateLimitsInARow += 1;
      const sinceMs = steadyMs();
      slowdown = { sinceMs, untilMs: sinceMs + (askedToWaitMs > 0 ? askedToWaitMs : backoffMs) };
    }
    const { upstreamCode } = error;
    const retryAfterSeconds = Math.max(1, Math.ceil(pauseLeftMs() / 1000));
    return { ...outcome, error: new UpstreamError(error.verdict, { upstreamCode, retryAfterSeconds }) };
  }

  const policy: Policy = (next) => ({
    read(key, readOptions) {
      const isFull = waiting.size >= maxQueued && (waiting.size > 0 || !canStart());
      const refused = refusalNow() ?? (isFull ? new UpstreamError(OVERLOADED, { retryAfterSeconds: 1 }) : undefined);
      if (refused) return Promise.resolve(failure(refused));
      const { promise, resolve } = Promise.withResolvers<LinkIndexOutcome>();
      waiting.push(readOptions.requester, {
        start: () => resolve(admitted(() => next.read(key, readOptions))),
        refuse: (error) => resolve(failure(error)),
      });
      dispatch();
      return promise;
    },
  });

  return {
    policy,
    refusal: refusalNow,
    review: dispatch,
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return waiting.size;
    },
  };

  function failure(error: UpstreamError): LinkIndexOutcome {
    return { kind: 'failure', error, failedAtMs: clock() };
  }
}
