import type { Billed, UpstreamErrorCode } from '../../src/domain/verdicts.ts';
import type { Behaviour } from '../support/scripted-upstream.ts';
import type { Obstacle } from '../support/unreachable-upstream.ts';

/** The KOL whose call goes wrong; every other one gets its own good answer. */
export const VICTIM = '7';

/** What a client, the log and the ledger see of a fault. */
export interface Consequence {
  /** `answer` is this KOL's own; `no data` is null without an error. */
  readonly gives: 'answer' | 'no data' | UpstreamErrorCode;
  /** Of every attempt. */
  readonly billed: Billed;
  readonly attempts: number;
  /** What the same query meets afterwards: no call for so long, a call at once, or a breaker that is open for so long. */
  readonly afterwards: { readonly rememberedSeconds: number } | 'asks again' | { readonly pausedSeconds: number };
}

export interface Details {
  readonly env?: Readonly<Record<string, string>>;
  readonly upstreamCode?: number;
  /** What the error says. */
  readonly retryAfterSeconds?: number;
  /** What the gateway waits before each further attempt; it is longer than nothing. */
  readonly waitsSeconds?: number;
  /** Attempts of the same query once the wait is over, where they are not as many. */
  readonly attemptsAfterwards?: number;
  /** What the answer holds, where it is not exactly what `answers` sends. */
  readonly linkIndex?: Readonly<Record<string, unknown>>;
}

/** What the upstream does: anything with a socket, a redirect to another host, or not being there. */
export type Conduct = Behaviour | { readonly redirect: number } | { readonly obstacle: Obstacle };

export interface Fault extends Consequence, Details {
  readonly title: string;
  readonly conduct: Conduct;
}

export type Row = readonly [title: string, conduct: Conduct, details?: Details];

/** Faults that end alike. */
export function faults(consequence: Consequence, rows: readonly Row[], common: Details = {}): readonly Fault[] {
  return rows.map(([title, conduct, details]) => ({ title, conduct, ...consequence, ...common, ...details }));
}

export const ANSWERED: Consequence = {
  gives: 'answer',
  billed: 'yes',
  attempts: 1,
  afterwards: { rememberedSeconds: 3600 },
};

export const NO_DATA: Consequence = { ...ANSWERED, gives: 'no data', afterwards: { rememberedSeconds: 600 } };

export const BAD_RESPONSE: Consequence = {
  gives: 'UPSTREAM_BAD_RESPONSE',
  billed: 'unknown',
  attempts: 1,
  afterwards: { rememberedSeconds: 600 },
};

/** Code 0, so paid for, with nothing in it that can be used. */
export const UNUSABLE: Consequence = { ...BAD_RESPONSE, billed: 'yes' };

export const OUTCOME_UNKNOWN: Consequence = {
  gives: 'UPSTREAM_OUTCOME_UNKNOWN',
  billed: 'unknown',
  attempts: 1,
  afterwards: { rememberedSeconds: 60 },
};

export const UNREACHABLE: Consequence = {
  gives: 'UPSTREAM_UNREACHABLE',
  billed: 'no',
  attempts: 3,
  afterwards: 'asks again',
};

export const COLLECTION_FAILED: Consequence = { ...UNREACHABLE, gives: 'UPSTREAM_COLLECTION_FAILED' };
export const INTERNAL_ERROR: Consequence = { ...UNREACHABLE, gives: 'UPSTREAM_INTERNAL_ERROR' };
export const RATE_LIMITED: Consequence = { ...UNREACHABLE, gives: 'UPSTREAM_RATE_LIMITED' };
/** For longer than the gateway is willing to wait. */
export const RATE_LIMITED_LONG: Consequence = { ...RATE_LIMITED, attempts: 1 };

export const REFUSED_PARAMETERS: Consequence = {
  gives: 'BAD_USER_INPUT',
  billed: 'no',
  attempts: 1,
  afterwards: { rememberedSeconds: 600 },
};

export const TOKEN_INVALID: Consequence = {
  gives: 'UPSTREAM_TOKEN_INVALID',
  billed: 'no',
  attempts: 1,
  afterwards: { pausedSeconds: 30 },
};

export const BALANCE_INSUFFICIENT: Consequence = { ...TOKEN_INVALID, gives: 'UPSTREAM_BALANCE_INSUFFICIENT' };
export const TOKEN_LIMIT_REACHED: Consequence = { ...TOKEN_INVALID, gives: 'UPSTREAM_TOKEN_LIMIT_REACHED' };
export const PERMISSION_DENIED: Consequence = { ...TOKEN_INVALID, gives: 'UPSTREAM_PERMISSION_DENIED' };
export const ENDPOINT_GONE: Consequence = { ...TOKEN_INVALID, gives: 'UPSTREAM_ENDPOINT_GONE' };

export const QUOTA_EXCEEDED: Consequence = {
  ...TOKEN_INVALID,
  gives: 'UPSTREAM_QUOTA_EXCEEDED',
  afterwards: { pausedSeconds: 900 },
};
