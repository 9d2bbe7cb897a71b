import type { StoredOutcome } from '../../src/cache/write-behind.ts';
import type { LinkIndexScores } from '../../src/domain/link-index.ts';
import { scoresOf } from '../../src/sandbox/scores.ts';
import { readScores } from '../../src/upstream/index-scores.ts';

/** The three windows by default, in milliseconds. */
const MAX_AGE_MS = (3600 + 82_800 + 604_800) * 1000;

/** An id with as many digits as a real one has. */
export function kolIdOf(index: number): string {
  return `7${String(index).padStart(18, '0')}`;
}

/** An answer with as many digits as a real one has, under the key that it has without an industry. */
export function answerOf(index: number): StoredOutcome {
  const cacheKey = kolIdOf(index);
  const fetchedAtMs = Date.now();
  const scores = readScores(scoresOf(cacheKey, '')) as LinkIndexScores;
  return {
    cacheKey,
    outcome: { kind: 'answer', scores, freshness: 'FRESH', fetchedAtMs },
    expiresAtMs: fetchedAtMs + MAX_AGE_MS,
  };
}
