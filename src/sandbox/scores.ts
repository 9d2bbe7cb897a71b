import { createHash } from 'node:crypto';

/** One index as the vendor writes it: every member a number, except that `rank` is a string. */
export interface Block {
  readonly avg_value: number;
  readonly link_relative_ratio: number;
  readonly rank: string;
  readonly rank_percent: number;
  readonly value: number;
}

export const BLOCK_NAMES = [
  'cooperate_index',
  'cp_index',
  'link_convert_index',
  'link_shopping_index',
  'link_spread_index',
  'link_star_index',
] as const;
export type BlockName = (typeof BLOCK_NAMES)[number];
export type Blocks = Readonly<Record<BlockName, Block>>;

/** So many KOLs does a documented rank of 144843 at the top 1.79 % speak of. */
const RANKED_KOLS = 8_100_000;

/** An answer of the real service, digit for digit. */
export const SAMPLE: Blocks = {
  cooperate_index: {
    avg_value: 75.6,
    link_relative_ratio: -0.0007,
    rank: '144843',
    rank_percent: 0.0179,
    value: 75.67,
  },
  cp_index: { avg_value: 64.08, link_relative_ratio: -0.0036, rank: '104078', rank_percent: 0.0128, value: 66.2 },
  link_convert_index: {
    avg_value: 55.31,
    link_relative_ratio: 0.0426,
    rank: '116767',
    rank_percent: 0.0144,
    value: 67.01,
  },
  link_shopping_index: {
    avg_value: 53.58,
    link_relative_ratio: -0.0738,
    rank: '47882',
    rank_percent: 0.0059,
    value: 73.9,
  },
  link_spread_index: {
    avg_value: 53.29,
    link_relative_ratio: -0.0456,
    rank: '44183',
    rank_percent: 0.0055,
    value: 74.25,
  },
  link_star_index: {
    avg_value: 56.48,
    link_relative_ratio: -0.0191,
    rank: '44031',
    rank_percent: 0.0054,
    value: 71.41,
  },
};

/** Plausible scores that are the same at every call for the same KOL and industry. */
export function scoresOf(kolId: string, industryTag: string): Blocks {
  const block = (name: BlockName): Block => {
    const mean = SAMPLE[name].avg_value + 6 * (fractionOf(name, industryTag) - 0.5);
    // The sum of three is near a bell curve, as scores are; it spreads over 18 points to each side.
    const spread =
      fractionOf(name, industryTag, kolId, 'a') +
      fractionOf(name, industryTag, kolId, 'b') +
      fractionOf(name, industryTag, kolId, 'c');
    const value = Math.min(100, Math.max(0, mean + 12 * (spread - 1.5)));
    const shareAbove = Math.min(1, Math.max(1e-6, (1 - spread / 3) ** 3));
    return {
      avg_value: round(mean, 2),
      link_relative_ratio: round((fractionOf(name, industryTag, kolId, 'change') - 0.5) / 5, 4),
      rank: String(Math.ceil(shareAbove * RANKED_KOLS)),
      rank_percent: round(shareAbove, 4),
      value: round(value, 2),
    };
  };
  return Object.fromEntries(BLOCK_NAMES.map((name) => [name, block(name)])) as Blocks;
}

/** A number from 0 to 1 that depends on nothing but the words. */
function fractionOf(...words: string[]): number {
  return createHash('sha256').update(words.join('\n')).digest().readUInt32BE() / 2 ** 32;
}

function round(number: number, digits: number): number {
  return Number(number.toFixed(digits));
}
