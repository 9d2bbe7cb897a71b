import { type Blocks, SAMPLE, scoresOf } from './scores.ts';

/** What the synthetic upstream does with a call. */
export type Behaviour =
  | { readonly kind: 'answer'; readonly blocks: Partial<Blocks>; readonly latencyMs?: number }
  | { readonly kind: 'code'; readonly code: number; readonly message: string }
  | { readonly kind: 'html' }
  | { readonly kind: 'cut' };

const SLOW_MS = 5000;

const BUSINESS_CODES: readonly (readonly [code: number, message: string])[] = [
  [100, 'Invalid or Inactive Token'],
  [201, 'No Content Available'],
  [300, 'API Invalid'],
  [301, 'Collection Failed. Please Retry.'],
  [302, 'Rate Limit Exceeded'],
  [303, 'Daily Quota Exceeded'],
  [400, 'Invalid Parameters'],
  [500, 'Internal Server Error'],
  [600, 'Permission Denied'],
  [601, 'Insufficient Balance'],
  [602, 'Token Spending Limit Reached'],
];

const { link_star_index: _, ...withoutStar } = SAMPLE;

const BEHAVIOURS: ReadonlyMap<string, Behaviour> = new Map<string, Behaviour>([
  ['sandbox-sample', { kind: 'answer', blocks: SAMPLE }],
  ['sandbox-slow', { kind: 'answer', blocks: SAMPLE, latencyMs: SLOW_MS }],
  ['sandbox-cut', { kind: 'cut' }],
  ['sandbox-html', { kind: 'html' }],
  ['sandbox-missing-block', { kind: 'answer', blocks: withoutStar }],
  ['sandbox-not-ranked', { kind: 'answer', blocks: unranked(SAMPLE) }],
  ...BUSINESS_CODES.map(([code, message]): [string, Behaviour] => [`sandbox-${code}`, { kind: 'code', code, message }]),
]);

/** The ids that the synthetic upstream treats specially; those of the gateway's own states are `GATEWAY_STATE_IDS`. */
export const UPSTREAM_MAGIC_IDS: readonly string[] = [...BEHAVIOURS.keys()];

/** Like a payment provider's test cards: some ids have a fixed answer, every other one has plausible scores. */
export function behaviourOf(kolId: string, industryTag: string): Behaviour {
  return BEHAVIOURS.get(kolId) ?? { kind: 'answer', blocks: scoresOf(kolId, industryTag) };
}

function unranked(blocks: Blocks): Blocks {
  return Object.fromEntries(
    Object.entries(blocks).map(([name, block]) => [name, { ...block, rank: '-1', rank_percent: -1 }]),
  ) as unknown as Blocks;
}
