import type { LinkIndexOutcome } from '../domain/link-index.ts';

/** An outcome as it outlives the process. */
export interface StoredOutcome {
  readonly cacheKey: string;
  readonly outcome: LinkIndexOutcome;
  /** When it is of no use to anybody, in milliseconds since the epoch; for sweeping only, never for judging. */
  readonly expiresAtMs: number;
}

/**
 * Where paid answers outlive the process. A key holds at most one answer (or "no data") and one failure.
 * Every method rejects when the store cannot do it; callers bound how long they wait.
 */
export interface AnswerStore {
  /** What is there of these keys, older first, in one round trip. What does not fit is left out: it is a miss. */
  getMany(cacheKeys: readonly string[]): Promise<readonly StoredOutcome[]>;
  put(stored: StoredOutcome): Promise<void>;
}
