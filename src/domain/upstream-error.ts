import type { UpstreamErrorCode, Verdict } from './verdicts.ts';

export interface UpstreamErrorDetails {
  /** What was expected and what came, in our own words. */
  readonly reason?: string | undefined;
  /** The business code in the vendor's envelope, where there was one. */
  readonly upstreamCode?: number | undefined;
  /** After how many seconds the same call makes sense again. */
  readonly retryAfterSeconds?: number | undefined;
  /** The code of the error that opened the breaker. */
  readonly pausedBy?: UpstreamErrorCode | undefined;
}

/**
 * A read that failed at the upstream or was refused before it. Branch on `verdict`, never on `message`.
 *
 * It has no `cause`: an HTTP client's error may contain the URL, and the URL contains the token.
 * The message never repeats text of the upstream, which may echo the token.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code: UpstreamErrorCode;
  readonly verdict: Verdict;
  readonly reason: string | undefined;
  readonly upstreamCode: number | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly pausedBy: UpstreamErrorCode | undefined;

  constructor(verdict: Verdict, { reason, upstreamCode, retryAfterSeconds, pausedBy }: UpstreamErrorDetails = {}) {
    super(reason === undefined ? verdict.message : `${verdict.message} (${reason})`);
    this.code = verdict.errorCode;
    this.verdict = verdict;
    this.reason = reason;
    this.upstreamCode = upstreamCode;
    this.retryAfterSeconds = retryAfterSeconds;
    this.pausedBy = pausedBy;
  }
}
