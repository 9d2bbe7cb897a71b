import type { UpstreamErrorCode, Verdict } from './verdicts.ts';

export interface UpstreamErrorDetails {
  /** Which expectation was not met, in our words. */
  readonly reason?: string | undefined;
  /** The business code in the vendor's envelope, where there was one. */
  readonly upstreamCode?: number | undefined;
  /** When the same call makes sense again, in seconds from now. */
  readonly retryAfterSeconds?: number | undefined;
  /** The error that opened the breaker. */
  readonly pausedBy?: UpstreamErrorCode | undefined;
}

/**
 * Base of every failure that began beyond this process. Branch on `code` or `verdict`, never on `message`.
 *
 * It keeps no `cause`: an HTTP client's error may hold the URL, and the URL holds the token.
 * The message is ours, and never repeats text of the upstream, which may echo the token.
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
