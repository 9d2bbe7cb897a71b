import { type Behaviour, envelopeFor, replies } from './scripted-upstream.ts';

/** As the vendor's integrators write them; written down here once more, so that a mistake in one place shows. */
export const BALANCE_PATH = '/user/get-balance';
export const EXAMPLE_PATH = '/status/api-example/detail';
export const KOL_LINK_INFO_PATH = '/api/douyin-xingtu/get-kol-link-info/v1';
export const AUTHOR_LINK_INFO_PATH = '/api/douyin-xingtu/gw/api/data_sp/get_author_link_info/v1';

export function balanceEnvelope(balance: unknown = '123.4500', currency: unknown = 'CNY'): string {
  return JSON.stringify({ code: 0, message: null, data: { balance, currency } });
}

/** @param example an envelope of a real answer */
export function exampleEnvelope(example: unknown = envelopeFor('7'), members: object = {}): string {
  const data = { api: KOL_LINK_INFO_PATH, checkedAt: '2026-08-30T01:02:03+08:00', synthetic: false, example };
  return JSON.stringify({ code: 0, message: null, data: { ...data, ...members } });
}

export const tellsBalance = (balance?: unknown, currency?: unknown) => replies(200, balanceEnvelope(balance, currency));

/** Does to each path what is said of it, and what `otherwise` says to all others. */
export function byPath(behaviours: Readonly<Record<string, Behaviour>>, otherwise: Behaviour): Behaviour {
  return (socket, call) => (behaviours[call.path] ?? otherwise)(socket, call);
}
