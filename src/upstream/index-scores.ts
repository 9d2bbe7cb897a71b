import type { IndexName, IndexScore, LinkIndexScores } from '../domain/link-index.ts';
import { formOf } from '../domain/parse-json.ts';

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
  return rank !== null && Number.isInteger(rank) && rank <= MAX_INT32 ? rank : null;
}

/** How a member of a block is called in the answer, and how it is read. */
interface Member {
  readonly name: string;
  /** `null` where the form means nothing. */
  readonly read: (value: unknown) => number | null;
  /** A lower number means "not ranked". */
  readonly least?: number;
}

const MEMBER_OF: Readonly<Record<keyof IndexScore, Member>> = {
  value: { name: 'value', read: readNumber },
  avgValue: { name: 'avg_value', read: readNumber },
  linkRelativeRatio: { name: 'link_relative_ratio', read: readNumber },
  rank: { name: 'rank', read: readRank, least: 1 },
  rankPercent: { name: 'rank_percent', read: readNumber, least: 0 },
};

function readMember(block: JsonObject, { name, read, least = Number.NEGATIVE_INFINITY }: Member): number | null {
  const number = read(block[name]);
  return number !== null && number >= least ? number : null;
}

function readBlock(block: unknown): IndexScore | null {
  if (!isJsonObject(block)) return null;
  return {
    value: readMember(block, MEMBER_OF.value),
    avgValue: readMember(block, MEMBER_OF.avgValue),
    linkRelativeRatio: readMember(block, MEMBER_OF.linkRelativeRatio),
    rank: readMember(block, MEMBER_OF.rank),
    rankPercent: readMember(block, MEMBER_OF.rankPercent),
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

/** Something that is read and is not there, or is there in a form that means nothing. */
export interface Gap {
  /** Where it was expected, for example `data.link_star_index.rank`. */
  readonly path: string;
  /** What is there, by its form alone; `missing` where nothing is. */
  readonly form: string;
}

/** What `readScores` would read as `null`, for another reason than "not ranked". A block without form is one gap. */
export function gapsIn(data: JsonObject): readonly Gap[] {
  return Object.values(BLOCK_OF).flatMap((blockName): readonly Gap[] => {
    const block = data[blockName];
    if (!isJsonObject(block)) return [{ path: `data.${blockName}`, form: formOf(block) }];
    return Object.values(MEMBER_OF)
      .filter(({ name, read }) => read(block[name]) === null)
      .map(({ name }) => ({ path: `data.${blockName}.${name}`, form: formOf(block[name]) }));
  });
}
