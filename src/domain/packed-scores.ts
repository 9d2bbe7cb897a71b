import type { IndexScore, LinkIndexScores } from './link-index.ts';

type PackedMember = number | null;
type PackedScore = [PackedMember, PackedMember, PackedMember, PackedMember, PackedMember] | null;

/** The scores of an answer without their names, in the order in which they are always written. */
export type PackedScores = [PackedScore, PackedScore, PackedScore, PackedScore, PackedScore, PackedScore];

export function packScores({ cooperate, cp, convert, shopping, spread, star }: LinkIndexScores): PackedScores {
  return [pack(cooperate), pack(cp), pack(convert), pack(shopping), pack(spread), pack(star)];
}

export function unpackScores([cooperate, cp, convert, shopping, spread, star]: PackedScores): LinkIndexScores {
  return {
    cooperate: unpack(cooperate),
    cp: unpack(cp),
    convert: unpack(convert),
    shopping: unpack(shopping),
    spread: unpack(spread),
    star: unpack(star),
  };
}

function pack(score: IndexScore | null): PackedScore {
  return score && [score.value, score.avgValue, score.linkRelativeRatio, score.rank, score.rankPercent];
}

function unpack(packed: PackedScore): IndexScore | null {
  if (packed === null) return null;
  const [value, avgValue, linkRelativeRatio, rank, rankPercent] = packed;
  return { value, avgValue, linkRelativeRatio, rank, rankPercent };
}
