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

/** What one kind of failure says about the money, this call, and the calls after it. */
export interface Verdict {
  readonly errorCode: UpstreamErrorCode;
  readonly billed: Billed;
  /**
   * When the same call may be sent again by us. Only what is known to be unbilled is ever repeated: `now`;
   * `within-budget`, now as well, but so that a failing upstream is not hammered; `later`, as a rate limit asks.
   */
  readonly repeat: 'now' | 'within-budget' | 'later' | 'never';
  /** What is in trouble, so that other calls will fail as well; `nothing` where the upstream was not asked at all. */
  readonly condemns: 'nothing' | 'call' | 'upstream' | 'endpoint' | 'account' | 'quota';
  /** How long the failure itself is remembered for its key: like "no such data", for a minute, or not at all. */
  readonly isKept: 'negative' | 'minute' | 'not';
  /** Whether a client may find the same query answered later without anybody changing something. */
  readonly isRetryable: boolean;
  /** For a person: what happened and what to do about it. */
  readonly message: string;
}

/** Unbilled, never repeated, not remembered, about this call alone: what most failures are. */
const COMMON = { billed: 'no', repeat: 'never', condemns: 'call', isKept: 'not', isRetryable: false } as const;

export const SUCCESS_CODE = 0;
export const NO_DATA_CODE = 201;

const ENDPOINT_GONE: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_ENDPOINT_GONE',
  condemns: 'endpoint',
  message: 'The upstream says that its endpoint is gone; JUSTONEAPI_ENDPOINT names the one that is asked.',
};

const INTERNAL_ERROR: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_INTERNAL_ERROR',
  repeat: 'within-budget',
  condemns: 'upstream',
  isRetryable: true,
  message: 'The upstream reported an internal error; try again later.',
};

const TOKEN_INVALID: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_TOKEN_INVALID',
  condemns: 'account',
  message: 'The upstream refused the token of this gateway: it is invalid or inactive.',
};

const COLLECTION_FAILED: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_COLLECTION_FAILED',
  repeat: 'now',
  isRetryable: true,
  message: 'The upstream could not collect the data this time; the same query may succeed now.',
};

const RATE_LIMITED: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_RATE_LIMITED',
  repeat: 'later',
  isRetryable: true,
  message: 'The upstream limits the rate of calls; try again more slowly.',
};

const QUOTA_EXCEEDED: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_QUOTA_EXCEEDED',
  condemns: 'quota',
  isRetryable: true,
  message: "The account's daily quota at the upstream is used up.",
};

export const BAD_PARAMETERS: Verdict = {
  ...COMMON,
  errorCode: 'BAD_USER_INPUT',
  isKept: 'negative',
  message: 'The upstream refused the parameters: check the KOL id and the industry tag.',
};

const PERMISSION_DENIED: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_PERMISSION_DENIED',
  condemns: 'endpoint',
  message: 'The account may not use this upstream endpoint.',
};

const BALANCE_INSUFFICIENT: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_BALANCE_INSUFFICIENT',
  condemns: 'account',
  message: "The account's balance at the upstream is used up; it must be topped up.",
};

/**
 * Several tokens share one balance, and each may have a cap on what it spends in all.
 * @see the vendor's own MCP server, by which the code is unbilled
 */
const TOKEN_LIMIT_REACHED: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_TOKEN_LIMIT_REACHED',
  condemns: 'account',
  message: "The spending cap of this gateway's token is reached at the upstream; the cap or the token must be changed.",
};

/**
 * Every documented failure code of the envelope. Codes that are in no table (101 and 202 have a name
 * at the vendor but no known billing) are `BAD_RESPONSE`, whose billing is unknown.
 */
export const BUSINESS_CODES: ReadonlyMap<number, Verdict> = new Map([
  [100, TOKEN_INVALID],
  [300, ENDPOINT_GONE],
  [301, COLLECTION_FAILED],
  [302, RATE_LIMITED],
  [303, QUOTA_EXCEEDED],
  [400, BAD_PARAMETERS],
  [404, ENDPOINT_GONE],
  [500, INTERNAL_ERROR],
  [503, INTERNAL_ERROR],
  [600, PERMISSION_DENIED],
  [601, BALANCE_INSUFFICIENT],
  [602, TOKEN_LIMIT_REACHED],
]);

/** HTTP statuses that speak for themselves when no envelope comes with them. */
export const BARE_STATUSES: ReadonlyMap<number, Verdict> = new Map([
  [401, TOKEN_INVALID],
  [403, PERMISSION_DENIED],
  [404, ENDPOINT_GONE],
  [410, ENDPOINT_GONE],
  [429, RATE_LIMITED],
]);

export const BAD_RESPONSE: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_BAD_RESPONSE',
  billed: 'unknown',
  isKept: 'negative',
  message: 'The upstream answered with something else than its documented JSON.',
};

/** Code 0, so paid for, with nothing in it that can be used. */
export const UNUSABLE_ANSWER: Verdict = { ...BAD_RESPONSE, billed: 'yes' };

export const UNREACHABLE: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_UNREACHABLE',
  repeat: 'within-budget',
  condemns: 'upstream',
  isRetryable: true,
  message: 'The upstream could not be reached; nothing was sent.',
};

export const OUTCOME_UNKNOWN: Verdict = {
  ...COMMON,
  errorCode: 'UPSTREAM_OUTCOME_UNKNOWN',
  billed: 'unknown',
  condemns: 'upstream',
  isKept: 'minute',
  message: 'The call was sent, but its answer did not arrive whole. It may have been billed, so it was not repeated.',
};

/** Refusals of our own: the upstream was not asked, so nothing was billed. */
function refusal(errorCode: UpstreamErrorCode, message: string): Verdict {
  return { ...COMMON, errorCode, condemns: 'nothing', isRetryable: true, message };
}

export const PAUSED = refusal('UPSTREAM_PAUSED', 'Calls to the upstream are paused after failures; nothing was asked.');
export const SLOWED_DOWN = refusal(
  'UPSTREAM_RATE_LIMITED',
  'The upstream asked for fewer calls for a while; nothing was asked.',
);
export const OVERLOADED = refusal(
  'UPSTREAM_OVERLOADED',
  'Too many calls are waiting for the upstream; nothing was asked.',
);
export const STOPPING = refusal('UPSTREAM_OVERLOADED', 'This gateway is stopping and starts no new call.');
export const PENDING = refusal(
  'UPSTREAM_PENDING',
  'The answer is still being bought; the same query a moment later is free.',
);
/** A forced read is bought anew each time, so a client that repeats it pays again for what is on its way already. */
export const FORCED_PENDING: Verdict = {
  ...refusal(
    'UPSTREAM_PENDING',
    'A new answer is still being bought. Repeating this query would buy again; the same query without acceptCache: false has the new answer a moment later.',
  ),
  isRetryable: false,
};
export const BUDGET_EXHAUSTED = refusal('BUDGET_EXHAUSTED', 'The daily budget of upstream calls is used up.');
export const CLIENT_BUDGET_EXHAUSTED = refusal(
  'BUDGET_EXHAUSTED',
  "This client's daily limit of billed calls is used up; what is cached is still answered.",
);
export const WOULD_BUY: Verdict = {
  ...refusal('WOULD_BUY', 'Not cached: without the dry run this would be bought.'),
  isRetryable: false,
};
export const LEDGER_UNREADABLE = refusal(
  'BUDGET_EXHAUSTED',
  'The ledger cannot be read, so nobody knows what is left of the daily budget; nothing is bought until it can.',
);
export const UNKNOWN_INDUSTRY_TAG: Verdict = {
  ...COMMON,
  errorCode: 'BAD_USER_INPUT',
  condemns: 'nothing',
  message: 'The upstream endpoint has no such industry tag.',
};

/** Never seen by a client: the purchase goes on by waiting for whoever took the lease. */
export const LEASE_LOST = refusal('UPSTREAM_PENDING', 'Another replica buys this answer now.');

/** Every verdict by the name under which it is kept and told; a name never changes its meaning. */
export const VERDICTS = {
  'endpoint-gone': ENDPOINT_GONE,
  'internal-error': INTERNAL_ERROR,
  'token-invalid': TOKEN_INVALID,
  'collection-failed': COLLECTION_FAILED,
  'rate-limited': RATE_LIMITED,
  'quota-exceeded': QUOTA_EXCEEDED,
  'bad-parameters': BAD_PARAMETERS,
  'permission-denied': PERMISSION_DENIED,
  'balance-insufficient': BALANCE_INSUFFICIENT,
  'token-limit-reached': TOKEN_LIMIT_REACHED,
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
} as const satisfies Readonly<Record<string, Verdict>>;

export type VerdictName = keyof typeof VERDICTS;

const VERDICT_NAMES = new Map<Verdict, VerdictName>(
  Object.entries(VERDICTS).map(([name, verdict]) => [verdict, name as VerdictName]),
);

/** @throws for a verdict that is not of the table */
export function nameOfVerdict(verdict: Verdict): VerdictName {
  const name = VERDICT_NAMES.get(verdict);
  if (name === undefined) throw new Error(`expected a verdict of the table, got another ${verdict.errorCode}`);
  return name;
}
