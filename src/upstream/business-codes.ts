import type { UpstreamErrorCode } from './upstream-error.ts';

/** Whether the vendor charged for a call. `unknown` counts as spent. */
export type Billed = 'yes' | 'no' | 'unknown';

/** What one kind of result says about the money, this call, and the calls after it. */
export interface Verdict {
  readonly errorCode: UpstreamErrorCode;
  readonly billed: Billed;
  /** When the same call may be sent again by us. Only what is known to be unbilled is ever repeated. */
  readonly repeat: 'now' | 'later' | 'never';
  /** Whose other calls will fail as well. */
  readonly condemns: 'call' | 'endpoint' | 'account' | 'quota';
  /** For a person: what happened and what to do about it. */
  readonly message: string;
}

export const SUCCESS_CODE = 0;
export const NO_DATA_CODE = 201;

const ENDPOINT_GONE: Verdict = {
  errorCode: 'UPSTREAM_ENDPOINT_GONE',
  billed: 'no',
  repeat: 'never',
  condemns: 'endpoint',
  message: 'The upstream endpoint is gone; configure its successor with JUSTONEAPI_ENDPOINT=author-link-info.',
};

const INTERNAL_ERROR: Verdict = {
  errorCode: 'UPSTREAM_INTERNAL_ERROR',
  billed: 'no',
  repeat: 'now',
  condemns: 'call',
  message: 'The upstream reported an internal error; try again later.',
};

/**
 * Every documented failure code of the envelope. Codes that are in no table (101, 202 and 602
 * have a name at the vendor but no known billing) are `BAD_RESPONSE`, whose billing is unknown.
 */
export const BUSINESS_CODES: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [
    100,
    {
      errorCode: 'UPSTREAM_TOKEN_INVALID',
      billed: 'no',
      repeat: 'never',
      condemns: 'account',
      message: 'The upstream refused the token of this gateway: it is invalid or inactive.',
    },
  ],
  [300, ENDPOINT_GONE],
  [
    301,
    {
      errorCode: 'UPSTREAM_COLLECTION_FAILED',
      billed: 'no',
      repeat: 'now',
      condemns: 'call',
      message: 'The upstream could not collect the data this time; the same query may succeed now.',
    },
  ],
  [
    302,
    {
      errorCode: 'UPSTREAM_RATE_LIMITED',
      billed: 'no',
      repeat: 'later',
      condemns: 'call',
      message: 'The upstream limits the rate of calls; try again more slowly.',
    },
  ],
  [
    303,
    {
      errorCode: 'UPSTREAM_QUOTA_EXCEEDED',
      billed: 'no',
      repeat: 'never',
      condemns: 'quota',
      message: "The account's daily quota at the upstream is used up.",
    },
  ],
  [
    400,
    {
      errorCode: 'BAD_USER_INPUT',
      billed: 'no',
      repeat: 'never',
      condemns: 'call',
      message: 'The upstream refused the parameters: check the KOL id and the industry tag.',
    },
  ],
  [404, ENDPOINT_GONE],
  [500, INTERNAL_ERROR],
  [503, INTERNAL_ERROR],
  [
    600,
    {
      errorCode: 'UPSTREAM_PERMISSION_DENIED',
      billed: 'no',
      repeat: 'never',
      condemns: 'endpoint',
      message: 'The account may not use this upstream endpoint.',
    },
  ],
  [
    601,
    {
      errorCode: 'UPSTREAM_BALANCE_INSUFFICIENT',
      billed: 'no',
      repeat: 'never',
      condemns: 'account',
      message: "The account's balance at the upstream is used up; it must be topped up.",
    },
  ],
]);

/** HTTP statuses that speak for themselves when no envelope comes with them, by the business code they stand for. */
export const CODE_OF_BARE_STATUS: ReadonlyMap<number, number> = new Map([
  [401, 100],
  [403, 600],
  [404, 404],
  [410, 404],
  [429, 302],
]);

export const BAD_RESPONSE: Verdict = {
  errorCode: 'UPSTREAM_BAD_RESPONSE',
  billed: 'unknown',
  repeat: 'never',
  condemns: 'call',
  message: 'The upstream answered with something else than its documented JSON.',
};

/** Code 0, so paid for, with nothing in it that can be used. */
export const UNUSABLE_ANSWER: Verdict = { ...BAD_RESPONSE, billed: 'yes' };

export const UNREACHABLE: Verdict = {
  errorCode: 'UPSTREAM_UNREACHABLE',
  billed: 'no',
  repeat: 'now',
  condemns: 'call',
  message: 'The upstream could not be reached; nothing was sent.',
};

export const OUTCOME_UNKNOWN: Verdict = {
  errorCode: 'UPSTREAM_OUTCOME_UNKNOWN',
  billed: 'unknown',
  repeat: 'never',
  condemns: 'call',
  message: 'The call was sent, but its answer did not arrive whole. It may have been billed, so it was not repeated.',
};
