import { UpstreamError } from '../../domain/upstream-error.ts';
import { PAUSED, type UpstreamErrorCode } from '../../domain/verdicts.ts';

export interface BreakerOptions {
  /** How long the first pause lasts, in milliseconds. */
  readonly firstPauseMs: number;
  /** A failed probe doubles the pause up to this, in milliseconds. */
  readonly maxPauseMs: number;
  /** Milliseconds since whenever. */
  readonly clock: () => number;
  /**
   * Cuts a pause short: for how long a pause that began `agoMs` milliseconds ago may last from its begin, in milliseconds.
   * No limit by default.
   */
  readonly limitPauseMs?: (agoMs: number) => number;
  /** Called when an attempt of this process opens the breaker, and with undefined when one closes it. */
  readonly onChange?: (pause: Pause | undefined) => void;
}

/** For how much longer nothing is asked, and why. */
export interface Pause {
  readonly openedBy: UpstreamErrorCode;
  readonly leftMs: number;
  /** How long it is in all, where nothing cuts it short; a failed probe doubles it. */
  readonly pauseMs: number;
}

/** What an attempt showed about what the breaker guards. */
export type Finding = 'good' | 'bad' | 'nothing';

/**
 * A circuit breaker: open, it refuses at no cost; after its pause it is half-open and lets a single probe
 * through, while all others are still refused.
 */
export interface Breaker {
  /** Why nothing may be asked now, if so. */
  refusal(): UpstreamError | undefined;
  /** To be called as an attempt starts; a half-open breaker takes it as its probe. */
  enter(): { leave(finding: Finding, code?: UpstreamErrorCode): void };
  /** What it guards was mended from outside. */
  close(): void;
  /** Another replica's breaker opened, or with undefined closed. A probe in flight goes on, because its outcome is newer. */
  adopt(pause: Pause | undefined): void;
  isOpen(): boolean;
}

type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly openedBy: UpstreamErrorCode; readonly untilMs: number; readonly pauseMs: number }
  | { readonly kind: 'probing'; readonly openedBy: UpstreamErrorCode; readonly pauseMs: number };

/** A probe takes at most one attempt's deadline. Its end is not known before, so callers come back soon. */
const PROBING_RETRY_AFTER_SECONDS = 5;

export function createBreaker(options: BreakerOptions): Breaker {
  const { firstPauseMs, maxPauseMs, clock, limitPauseMs = () => Number.POSITIVE_INFINITY, onChange } = options;
  let state: State = { kind: 'closed' };
  /** Times that it was mended from outside. */
  let mendings = 0;

  function open(openedBy: UpstreamErrorCode, pauseMs: number): void {
    const leftMs = Math.min(pauseMs, limitPauseMs(0));
    state = { kind: 'open', openedBy, untilMs: clock() + leftMs, pauseMs };
    onChange?.({ openedBy, leftMs, pauseMs });
  }

  function shut(): void {
    state = { kind: 'closed' };
    onChange?.(undefined);
  }

  return {
    refusal() {
      if (state.kind === 'closed') return undefined;
      const waitMs = state.kind === 'open' ? state.untilMs - clock() : PROBING_RETRY_AFTER_SECONDS * 1000;
      if (waitMs <= 0) return undefined;
      return new UpstreamError(PAUSED, { retryAfterSeconds: Math.ceil(waitMs / 1000), pausedBy: state.openedBy });
    },

    enter() {
      const probed = state.kind === 'open' ? state : undefined;
      if (probed) state = { kind: 'probing', openedBy: probed.openedBy, pauseMs: probed.pauseMs };
      const own = state;
      const era = mendings;
      return {
        leave(finding, code) {
          // An attempt that began before says nothing about the time after.
          if (era !== mendings) return;
          if (probed && state === own) {
            if (finding === 'good') shut();
            else if (finding === 'nothing') open(probed.openedBy, probed.pauseMs);
            else open(code ?? probed.openedBy, Math.min(probed.pauseMs * 2, maxPauseMs));
          } else if (state.kind === 'closed' && finding === 'bad' && code) open(code, firstPauseMs);
        },
      };
    },

    close() {
      mendings += 1;
      state = { kind: 'closed' };
    },

    adopt(pause) {
      if (state.kind === 'probing') return;
      if (pause === undefined) {
        state = { kind: 'closed' };
        return;
      }
      const { openedBy, pauseMs } = pause;
      // By its begin, so that a pause that this replica would have cut short is not taken up again when it is over here.
      const agoMs = pauseMs - pause.leftMs;
      const leftMs = Math.min(pause.leftMs, limitPauseMs(agoMs) - agoMs);
      const untilMs = clock() + leftMs;
      if (leftMs > 0 && (state.kind === 'closed' || untilMs > state.untilMs))
        state = { kind: 'open', openedBy, untilMs, pauseMs };
    },

    isOpen: () => state.kind !== 'closed',
  };
}
