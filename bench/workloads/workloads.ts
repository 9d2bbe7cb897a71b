import { KNOWN_KOLS, knownLists, kolId, kolIds, LIST_LENGTH } from './kol-ids.ts';
import { INDEX_NAMES } from './scores.ts';

const MEMBERS = 'value avgValue linkRelativeRatio rank rankPercent';
const INDICES = Object.values(INDEX_NAMES).map((name) => `${name} { ${MEMBERS} }`);
const KOL = `{ id linkIndex { ${INDICES.join(' ')} } }`;
export const ONE_KOL = `query OneKol($id: ID!) { kol(id: $id) ${KOL} }`;
export const SEVERAL_KOLS = `query SeveralKols($ids: [ID!]!) { kols(ids: $ids) ${KOL} }`;

export type Variables = { readonly id: string } | { readonly ids: readonly string[] };

/** One kind of request, sent as fast as it is answered. */
export interface Workload {
  readonly title: string;
  readonly query: string;
  /** How load.lua chooses the variables. */
  readonly choice: 'fixed' | 'zipf' | 'random-list' | 'unique';
  /** Some of its requests: checked before and after a run, and the first is what is sent where the choice is fixed. */
  readonly samples: readonly Variables[];
  /** Asked for before the clock starts, so that everything that can be cached is. */
  readonly fill: readonly Variables[];
}

const everyKol = kolIds(1, KNOWN_KOLS).map((id) => ({ id }));
const everyList = knownLists().map((ids) => ({ ids }));
const firstList = { ids: kolIds(1, LIST_LENGTH) };
/** Far apart and out of order. */
const scatteredList = {
  ids: Array.from({ length: LIST_LENGTH }, (_, index) => kolId(((index * 7919) % KNOWN_KOLS) + 1)),
};
/** Beyond every KOL that load.lua asks for. */
const UNASKED = 999_999_000_000_000;

export const WORKLOADS = {
  W1: workload('one query, one KOL', ONE_KOL, 'fixed', [{ id: kolId(1) }]),
  W2: workload('one query, Zipf over 10,000 KOLs', ONE_KOL, 'zipf', [1, 2, 77, 9999].map(toKol), everyKol),
  W4: workload('one list of 50 KOLs, always the same', SEVERAL_KOLS, 'fixed', [firstList]),
  W4z: workload('lists of 50 KOLs at random', SEVERAL_KOLS, 'random-list', [scatteredList, firstList], everyList),
  W3: workload(
    'every KOL a miss, upstream answers at once',
    ONE_KOL,
    'unique',
    [1, 2, 3].map((n) => toKol(UNASKED + n)),
  ),
} as const;
export type WorkloadName = keyof typeof WORKLOADS;
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as WorkloadName[];

function workload(
  title: string,
  query: string,
  choice: Workload['choice'],
  samples: readonly Variables[],
  fill: readonly Variables[] = samples,
): Workload {
  return { title, query, choice, samples, fill };
}

function toKol(number: number): Variables {
  return { id: kolId(number) };
}
