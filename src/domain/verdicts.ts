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
  | 'UPSTREAM_TOKEN_LIMIT_REACHED'
  | 'UPSTREAM_ENDPOINT_GONE'
  | 'UPSTREAM_BAD_RESPONSE'
  | 'UPSTREAM_UNREACHABLE'
  | 'UPSTREAM_OUTCOME_UNKNOWN'
  | 'UPSTREAM_PAUSED'
  | 'UPSTREAM_OVERLOADED'
  | 'UPSTREAM_PENDING'
  | 'BUDGET_EXHAUSTED'
  | 'WOULD_BUY';

/** Whether the vendor charged for a call. `unknown` counts as spent. */
export type Billed = 'yes' | 'no' | 'unknown';

/** One kind of failure: what it says about the money, about this call, and about the calls after it. */
export interface Verdict {
  readonly errorCode: UpstreamErrorCode;
  readonly billed: Billed;
  /**
   * When this gateway may send the same call again. Only an unbilled call is repeated: `now`; `within-budget` is now as
   * well, but limited so that a failing upstream is not flooded; `later` is after the pause that a rate limit demands.
   */
  readonly repeat: 'now' | 'within-budget' | 'later' | 'never';
  /** Whether the upstream was called; `false` where this gateway refused. A connection that failed is an attempt, too. */
  readonly wasAttempted: boolean;
  /** What the failure is about; other calls that depend on the same thing will fail, too. */
  readonly blames: 'call' | 'endpoint' | 'account' | 'quota' | 'upstream';
  /** How long the failure is remembered for its key: as long as "no such data", for one minute, or not at all. */
  readonly rememberFor: 'negative' | 'minute' | 'none';
  /** Whether it is an answer about this key, and so replaces an answer that is served only because of a failure. */
  readonly overridesStale: boolean;
  /** Whether the same query may succeed later without a change by anybody; sent as `extensions.retryable`. */
  readonly isRetryable: boolean;
  /** For a person: what happened and what to do about it. */
  readonly message: string;
}

/** The most common values. */
const COMMON = {
  billed: 'no',
  repeat: 'never',
  wasAttempted: true,
  blames: 'call',
  rememberFor: 'none',
  overridesStale: false,
  isRetryable: false,
} as const;

/** Refusals of this gateway: the upstream is not called. */
const REFUSAL = { ...COMMON, wasAttempted: false, isRetryable: true } as const;

const UNUSABLE = {
  ...COMMON,
  errorCode: 'UPSTREAM_BAD_RESPONSE',
  rememberFor: 'negative',
  message: 'The upstream answered with something else than its documented JSON.',
} as const;

/**
 * Every kind of failure. All decisions read this table, and none has a list of its own.
 * The names are stored and sent to other replicas, so a name never changes its meaning.
 */
export const VERDICTS = {
  'token-invalid': {
    ...COMMON,
    errorCode: 'UPSTREAM_TOKEN_INVALID',
    blames: 'account',
    message: 'The upstream refused the token of this gateway: it is invalid or inactive.',
  },
  'endpoint-gone': {
    ...COMMON,
    errorCode: 'UPSTREAM_ENDPOINT_GONE',
    blames: 'endpoint',
    message: 'The upstream says that its endpoint is gone; JUSTONEAPI_ENDPOINT names the one that is called.',
  },
  'collection-failed': {
    ...COMMON,
    errorCode: 'UPSTREAM_COLLECTION_FAILED',
    repeat: 'now',
    isRetryable: true,
    message: 'The upstream could not collect the data this time; the same query may succeed now.',
  },
  'rate-limited': {
    ...COMMON,
    errorCode: 'UPSTREAM_RATE_LIMITED',
    repeat: 'later',
    isRetryable: true,
    message: 'The upstream limits the rate of calls; try again more slowly.',
  },
  'quota-exceeded': {
    ...COMMON,
    errorCode: 'UPSTREAM_QUOTA_EXCEEDED',
    blames: 'quota',
    isRetryable: true,
    message: "The account's daily quota at the upstream is used up.",
  },
  'bad-parameters': {
    ...COMMON,
    errorCode: 'BAD_USER_INPUT',
    rememberFor: 'negative',
    overridesStale: true,
    message: 'The upstream refused the parameters: check the KOL id and the industry tag.',
  },
  'internal-error': {
    ...COMMON,
    errorCode: 'UPSTREAM_INTERNAL_ERROR',
    repeat: 'within-budget',
    blames: 'upstream',
    isRetryable: true,
    message: 'The upstream reported an internal error; try again later.',
  },
  'permission-denied': {
    ...COMMON,
    errorCode: 'UPSTREAM_PERMISSION_DENIED',
    blames: 'endpoint',
    message: 'The account may not use this upstream endpoint.',
  },
  'balance-insufficient': {
    ...COMMON,
    errorCode: 'UPSTREAM_BALANCE_INSUFFICIENT',
    blames: 'account',
    message: "The account's balance at the upstream is used up; it must be topped up.",
  },
  /**
   * Several tokens share one balance, and each may have a cap on its total spending.
   * @see the vendor's own MCP server, which treats the code as unbilled
   */
  'token-limit-reached': {
    ...COMMON,
    errorCode: 'UPSTREAM_TOKEN_LIMIT_REACHED',
    blames: 'account',
    message:
      "The spending cap of this gateway's token is reached at the upstream; the cap or the token must be changed.",
  },
  'bad-response': { ...UNUSABLE, billed: 'unknown' },
  /** Code 0, so the call was billed, but nothing in the body can be used. */
  'unusable-answer': { ...UNUSABLE, billed: 'yes' },
  unreachable: {
    ...COMMON,
    errorCode: 'UPSTREAM_UNREACHABLE',
    repeat: 'within-budget',
    blames: 'upstream',
    isRetryable: true,
    message: 'The upstream could not be reached; nothing was sent.',
  },
  'outcome-unknown': {
    ...COMMON,
    errorCode: 'UPSTREAM_OUTCOME_UNKNOWN',
    billed: 'unknown',
    blames: 'upstream',
    rememberFor: 'minute',
    message: 'The call was sent, but its answer did not arrive whole. It may have been billed, so it was not repeated.',
  },
  paused: {
    ...REFUSAL,
    errorCode: 'UPSTREAM_PAUSED',
    message: 'Calls to the upstream are paused after failures; no call was made.',
  },
  'slowed-down': {
    ...REFUSAL,
    errorCode: 'UPSTREAM_RATE_LIMITED',
    message: 'The upstream demanded fewer calls for a while; no call was made.',
  },
  overloaded: {
    ...REFUSAL,
    errorCode: 'UPSTREAM_OVERLOADED',
    message: 'Too many calls are waiting for the upstream; no call was made.',
  },
  stopping: {
    ...REFUSAL,
    errorCode: 'UPSTREAM_OVERLOADED',
    message: 'This gateway is stopping and starts no new call.',
  },
  pending: {
    ...REFUSAL,
    errorCode: 'UPSTREAM_PENDING',
    message: 'The answer is still being bought; the same query a moment later is free.',
  },
  /** Each forced read buys, so a client that repeats it pays again for an answer that is already on its way. */
  'forced-pending': {
    ...REFUSAL,
    errorCode: 'UPSTREAM_PENDING',
    isRetryable: false,
    message:
      'A new answer is still being bought. Repeating this query would buy again; the same query without acceptCache: false has the new answer a moment later.',
  },
  'budget-exhausted': {
    ...REFUSAL,
    errorCode: 'BUDGET_EXHAUSTED',
    message: 'The daily budget of upstream calls is used up.',
  },
  'client-budget-exhausted': {
    ...REFUSAL,
    errorCode: 'BUDGET_EXHAUSTED',
    message: "This client's daily limit of billed calls is used up; cached answers are still served.",
  },
  'would-buy': {
    ...REFUSAL,
    errorCode: 'WOULD_BUY',
    isRetryable: false,
    message: 'Not cached: without the dry run this would be bought.',
  },
  'ledger-unreadable': {
    ...REFUSAL,
    errorCode: 'BUDGET_EXHAUSTED',
    message: 'The ledger cannot be read, so the rest of the daily budget is unknown; nothing is bought until it can.',
  },
  'unknown-industry-tag': {
    ...REFUSAL,
    errorCode: 'BAD_USER_INPUT',
    overridesStale: true,
    isRetryable: false,
    message: 'The upstream endpoint has no such industry tag.',
  },
  /** No client sees it: the purchase goes on by waiting for the replica that took the lease. */
  'lease-lost': { ...REFUSAL, errorCode: 'UPSTREAM_PENDING', message: 'Another replica buys this answer now.' },
} as const satisfies Readonly<Record<string, Verdict>>;

export type VerdictName = keyof typeof VERDICTS;

export const {
  'endpoint-gone': ENDPOINT_GONE,
  'internal-error': INTERNAL_ERROR,
  'bad-parameters': BAD_PARAMETERS,
  'bad-response': BAD_RESPONSE,
  'unusable-answer': UNUSABLE_ANSWER,
  unreachable: UNREACHABLE,
  'outcome-unknown': OUTCOME_UNKNOWN,
  paused: PAUSED,
  'slowed-down': SLOWED_DOWN,
  overloaded: OVERLOADED,
  stopping: STOPPING,
  pending: PENDING,
  'forced-pending': FORCED_PENDING,
  'budget-exhausted': BUDGET_EXHAUSTED,
  'client-budget-exhausted': CLIENT_BUDGET_EXHAUSTED,
  'would-buy': WOULD_BUY,
  'ledger-unreadable': LEDGER_UNREADABLE,
  'unknown-industry-tag': UNKNOWN_INDUSTRY_TAG,
  'lease-lost': LEASE_LOST,
} = VERDICTS;

const NAMES: ReadonlyMap<Verdict, VerdictName> = new Map(
  Object.entries(VERDICTS).map(([name, verdict]) => [verdict, name as VerdictName]),
);

/** @throws for a verdict that is not in the table */
export function nameOfVerdict(verdict: Verdict): VerdictName {
  const name = NAMES.get(verdict);
  if (name === undefined) throw new Error(`expected a verdict of the table, got another ${verdict.errorCode}`);
  return name;
}

export const SUCCESS_CODE = 0;
export const NO_DATA_CODE = 201;

/**
 * Every documented failure code of the envelope. Codes that are in no table (101 and 202 have a name
 * at the vendor but no known billing) are `BAD_RESPONSE`, whose billing is unknown.
 */
export const BUSINESS_CODES: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [100, VERDICTS['token-invalid']],
  [300, ENDPOINT_GONE],
  [301, VERDICTS['collection-failed']],
  [302, VERDICTS['rate-limited']],
  [303, VERDICTS['quota-exceeded']],
  [400, BAD_PARAMETERS],
  [404, ENDPOINT_GONE],
  [500, INTERNAL_ERROR],
  [503, INTERNAL_ERROR],
  [600, VERDICTS['permission-denied']],
  [601, VERDICTS['balance-insufficient']],
  [602, VERDICTS['token-limit-reached']],
]);

/** HTTP statuses with a meaning of their own when no envelope comes with them. */
export const BARE_STATUSES: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [401, VERDICTS['token-invalid']],
  [403, VERDICTS['permission-denied']],
  [404, ENDPOINT_GONE],
  [410, ENDPOINT_GONE],
  [429, VERDICTS['rate-limited']],
]);
