import type { EndpointName, LinkIndexAnswer, NoLinkIndex } from '../domain/link-index.ts';
import { type PackedScores, packScores, unpackScores } from '../domain/packed-scores.ts';

/** An answer as the memory keeps it: its thirty numbers are one text, which takes a quarter of what they take as objects. */
export interface KeptAnswer {
  readonly kind: 'answer';
  /** JSON of `PackedScores`. The shortest text of a double is read back as the same double; only a negative zero becomes zero. */
  readonly packedScores: string;
  readonly endpoint: EndpointName | undefined;
  /** When the upstream gave it, in milliseconds since the epoch. */
  readonly fetchedAtMs: number;
}

/** What is kept of an answer. Its freshness is judged on reading, and how often was asked for it concerns only who bought it. */
export function keepAnswer(outcome: LinkIndexAnswer | NoLinkIndex): KeptAnswer | NoLinkIndex {
  if (outcome.kind === 'no-data') return outcome;
  const { kind, scores, endpoint, fetchedAtMs } = outcome;
  return { kind, packedScores: JSON.stringify(packScores(scores)), endpoint, fetchedAtMs };
}

/** The answer that was kept, as it was when it was fresh. */
export function answerOf({ kind, packedScores, endpoint, fetchedAtMs }: KeptAnswer): LinkIndexAnswer {
  return {
    kind,
    scores: unpackScores(JSON.parse(packedScores) as PackedScores),
    freshness: 'FRESH',
    ...(endpoint && { endpoint }),
    fetchedAtMs,
  };
}

/** What was kept, whichever of the two it is. */
export function outcomeOf(kept: KeptAnswer | NoLinkIndex): LinkIndexAnswer | NoLinkIndex {
  return kept.kind === 'answer' ? answerOf(kept) : kept;
}
