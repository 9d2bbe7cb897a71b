import type { IndexName, IndexScore, LinkIndexScores } from './link-index-source.ts';

const BLOCK_OF: Readonly<Record<IndexName, string>> = {
  cooperate: 'cooperate_index',
  cp: 'cp_index',
  convert: 'link_convert_index',
  shopping: 'link_shopping_index',
  spread: 'link_spread_index',
  star: 'link_star_index',
};

const DECIMAL = /^-?\d+(\.\d+)?$/;
const MAX_INT32 = 2 ** 31 - 1;

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A finite number, or a decimal string of one (the upstream sends `rank` as a string); else `null`. */
export function readNumber(value: unknown): number | null {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function readRank(value: unknown): number | null {
  const rank = readNumber(value);
  return rank !== null && Number.isInteger(rank) && rank >= 1 && rank <= MAX_INT32 ? rank : null;
}

function readRankPercent(value: unknown): number | null {
  const fraction = readNumber(value);
  return fraction !== null && fraction >= 0 ? fraction : null;
}

function readBlock(block: unknown): IndexScore | null {
  if (!isJsonObject(block)) return null;
  return {
    value: readNumber(block['value']),
    avgValue: readNumber(block['avg_value']),
    linkRelativeRatio: readNumber(block['link_relative_ratio']),
    rank: readRank(block['rank']),
    rankPercent: readRankPercent(block['rank_percent']),
  };
}

/**
 * The six blocks of a successful answer, each read on its own: one that is missing or means
 * nothing is `null` and fails no other. `null` as a whole when there is not a single block.
 */
export function readScores(data: JsonObject): LinkIndexScores | null {
  const scores: LinkIndexScores = {
    cooperate: readBlock(data[BLOCK_OF.cooperate]),
    cp: readBlock(data[BLOCK_OF.cp]),
    convert: readBlock(data[BLOCK_OF.convert]),
    shopping: readBlock(data[BLOCK_OF.shopping]),
    spread: readBlock(data[BLOCK_OF.spread]),
    star: readBlock(data[BLOCK_OF.star]),
  };
  return Object.values(scores).some((score) => score !== null) ? scores : null;
}
