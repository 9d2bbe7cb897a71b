import type { Failure } from './failure.ts';

interface Words {
  readonly what: string;
  readonly todo: string;
}

const ASK_OPERATOR = 'Only the gateway’s operator can change this.';

const WORDS: Readonly<Record<string, Words>> = {
  UPSTREAM_COLLECTION_FAILED: { what: 'The data could not be collected this time.', todo: 'Nothing was billed.' },
  UPSTREAM_RATE_LIMITED: { what: 'The data service is asked too often.', todo: 'Wait a moment.' },
  UPSTREAM_QUOTA_EXCEEDED: { what: 'The account’s daily quota is used up.', todo: 'Come back tomorrow.' },
  UPSTREAM_INTERNAL_ERROR: { what: 'The data service has a fault.', todo: 'Wait a moment.' },
  UPSTREAM_UNREACHABLE: { what: 'The data service cannot be reached.', todo: 'Nothing was sent or billed.' },
  UPSTREAM_PAUSED: { what: 'Calls are paused after failures.', todo: 'Nothing was asked or billed.' },
  UPSTREAM_OVERLOADED: { what: 'Too many calls are waiting already.', todo: 'Wait a moment.' },
  UPSTREAM_PENDING: {
    what: 'It takes longer than we wait.',
    todo: 'It is still being bought; comparing again buys nothing twice.',
  },
  BUDGET_EXHAUSTED: {
    what: 'The budget of the day is spent.',
    todo: 'Come back when the next day of the budget begins.',
  },
  RATE_LIMITED: { what: 'You ask too often.', todo: 'Wait a moment.' },
  NO_CONNECTION: { what: 'The gateway did not answer in full.', todo: 'What was bought is kept, and free next time.' },
  UPSTREAM_OUTCOME_UNKNOWN: {
    what: 'The call broke off, and may have been billed.',
    todo: 'It is not repeated by itself; after a minute, compare again if it is worth a second call.',
  },
  UPSTREAM_BAD_RESPONSE: { what: 'The data service sent something unreadable.', todo: ASK_OPERATOR },
  UPSTREAM_TOKEN_INVALID: { what: 'The data service refuses the gateway’s token.', todo: ASK_OPERATOR },
  UPSTREAM_BALANCE_INSUFFICIENT: { what: 'The account is empty.', todo: 'Its owner must top it up.' },
  UPSTREAM_TOKEN_LIMIT_REACHED: { what: 'The gateway’s token has spent all that it may.', todo: ASK_OPERATOR },
  UPSTREAM_PERMISSION_DENIED: { what: 'The account may not use this data.', todo: ASK_OPERATOR },
  UPSTREAM_ENDPOINT_GONE: { what: 'The data service has removed this data.', todo: ASK_OPERATOR },
  UNAUTHENTICATED: { what: 'The gateway wants a client key.', todo: 'Give one to the client of this page.' },
  INTERNAL_SERVER_ERROR: { what: 'The gateway has a fault.', todo: 'Tell its operator the request’s id.' },
};

/** What to say of a failure. A code that is not listed, among them a refused id, is told in the gateway's own words. */
export function wordsFor({ code, message }: Failure): Words {
  return WORDS[code] ?? { what: message, todo: '' };
}
