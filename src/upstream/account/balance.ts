import { formOf } from '../../domain/parse-json.ts';
import { UpstreamError } from '../../domain/upstream-error.ts';
import { BARE_STATUSES, BUSINESS_CODES, VERDICTS } from '../../domain/verdicts.ts';
import type { UpstreamClient } from '../client.ts';
import { readData } from '../envelope.ts';
import type { WholeResponse } from '../whole-response.ts';

/** What is left on the account, as the vendor wrote it. */
export interface Balance {
  /** A decimal number, digit for digit. */
  readonly amount: string;
  /** Three capital letters, for example `CNY`. */
  readonly currency: string;
}

export type BalanceOutcome =
  | { readonly kind: 'balance'; readonly balance: Balance }
  /** The vendor does not accept the token: code 100, or HTTP 401. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Anything else; `reason` says what was expected and what came, in our words. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Nothing else is printed, kept or used as a label, so that an answer which echoes the token shows nothing of it. */
const AMOUNT = /^-?\d{1,15}(\.\d{1,10})?$/;
const CURRENCY = /^[A-Z]{3}$/;
const EXPECTED = 'expected code 0 with data.balance, a decimal string, and data.currency, three capital letters';

/** Whether it has the form in which the vendor writes a balance. */
export function isBalance(amount: unknown, currency: unknown): boolean {
  return isText(amount, AMOUNT) && isText(currency, CURRENCY);
}

/** Asks for the balance, once. An upstream that does not answer is an outcome as well. */
export async function readBalance(client: Pick<UpstreamClient, 'balance'>): Promise<BalanceOutcome> {
  try {
    return decodeBalance(await client.balance());
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return unreadable(`no whole response (${error.reason})`);
  }
}

/** Total: any response gives an outcome, and no text of the response is in its reason. */
export function decodeBalance(response: WholeResponse): BalanceOutcome {
  const answer = readData(response);
  if (answer.data === undefined) {
    const verdicts = [BUSINESS_CODES.get(answer.code ?? 0), BARE_STATUSES.get(response.httpStatus)];
    const isRefused = verdicts.includes(VERDICTS['token-invalid']);
    return isRefused ? { kind: 'refused', reason: answer.came } : unreadable(answer.came);
  }
  const { balance: amount, currency } = answer.data;
  if (!isText(amount, AMOUNT)) return unreadable(`data.balance ${describe(amount)}`);
  if (!isText(currency, CURRENCY)) return unreadable(`data.currency ${describe(currency)}`);
  return { kind: 'balance', balance: { amount, currency } };
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? 'of another form' : formOf(value);
}

function unreadable(came: string): BalanceOutcome {
  return { kind: 'unreadable', reason: `${EXPECTED}; got ${came}` };
}
