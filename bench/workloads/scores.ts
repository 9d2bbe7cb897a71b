/** The vendor's name of each index, and the graph's. */
export const INDEX_NAMES = {
  cooperate_index: 'cooperate',
  cp_index: 'cp',
  link_convert_index: 'convert',
  link_shopping_index: 'shopping',
  link_spread_index: 'spread',
  link_star_index: 'star',
} as const;
export type BlockName = keyof typeof INDEX_NAMES;
export type IndexName = (typeof INDEX_NAMES)[BlockName];

export interface VendorBlock {
  readonly avg_value: number;
  readonly link_relative_ratio: number;
  readonly rank: string;
  readonly rank_percent: number;
  readonly value: number;
}
export type VendorBlocks = Readonly<Record<BlockName, VendorBlock>>;

export interface IndexScore {
  readonly value: number;
  readonly avgValue: number;
  readonly linkRelativeRatio: number;
  readonly rank: number;
  readonly rankPercent: number;
}
export type LinkIndex = Readonly<Record<IndexName, IndexScore>>;

/** What the upstream says of a KOL: with the digits of real answers, and different for every id. */
export function vendorBlocks(kolId: string): VendorBlocks {
  const number = Number(kolId.slice(-9));
  const block = (_: string, index: number): VendorBlock => ({
    avg_value: 5000 / 100 + index,
    link_relative_ratio: (((number + index * 37) % 2000) - 1000) / 10_000,
    rank: String(number + index + 1),
    rank_percent: ((number + index * 11) % 10_000) / 10_000,
    value: ((number * 7 + index * 1313) % 10_000) / 100,
  });
  const names = Object.keys(INDEX_NAMES) as BlockName[];
  return Object.fromEntries(names.map((name, index) => [name, block(name, index)])) as VendorBlocks;
}

/** The vendor's blocks as the graph names them: what each peer's resolvers have to do. */
export function linkIndexOf(blocks: VendorBlocks): LinkIndex {
  const entries = Object.entries(INDEX_NAMES) as [BlockName, IndexName][];
  return Object.fromEntries(entries.map(([block, index]) => [index, indexScoreOf(blocks[block])])) as LinkIndex;
}

function indexScoreOf(block: VendorBlock): IndexScore {
  return {
    value: block.value,
    avgValue: block.avg_value,
    linkRelativeRatio: block.link_relative_ratio,
    rank: Number(block.rank),
    rankPercent: block.rank_percent,
  };
}

/** What a right answer holds for this KOL. */
export function expectedKol(id: string): { readonly id: string; readonly linkIndex: LinkIndex } {
  return { id, linkIndex: linkIndexOf(vendorBlocks(id)) };
}
