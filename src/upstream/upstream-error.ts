import type { Verdict } from './business-codes.ts';

/** Public contract: sent to clients as `extensions.code`. */
export type UpstreamErrorCode =
  | 'BAD_USER_INPUT'
  | 'UPSTREAM_TOKEN_INVALID'
  | 'UPSTREAM_COLLECTION_FAILED'
  | 'UPSTREAM_RATE_LIMITED'
  | 'UPSTREAM_QUOTA_EXCEEDED'
  | 'UPSTREAM_INTERNAL_ERROR'
  | 'UPSTREAM_PERMISSION_DENIED'
  | 'UPSTREAM_BALANCE_INSUFFICIENT'
  | 'UPSTREAM_ENDPOINT_GONE'
  | 'UPSTREAM_BAD_RESPONSE'
  | 'UPSTREAM_UNREACHABLE'
  | 'UPSTREAM_OUTCOME_UNKNOWN';

export interface UpstreamErrorDetails {
  /** Which expectation was not met, in our words. */
  readonly reason?: string;
  /** The business code in the vendor's envelope, where there was one. */
  readonly upstreamCode?: number;
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
  readonly upstreamCode: number | undefined;

  constructor(verdict: Verdict, { reason, upstreamCode }: UpstreamErrorDetails = {}) {
    super(reason === undefined ? verdict.message : `${verdict.message} (${reason})`);
    this.code = verdict.errorCode;
    this.verdict = verdict;
    this.upstreamCode = upstreamCode;
  }
}
