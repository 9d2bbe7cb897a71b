import type {
  LinkIndexAnswer,
  LinkIndexFailure,
  LinkIndexOutcome,
  LinkIndexScores,
} from '../../src/domain/link-index.ts';
import { UpstreamError, type UpstreamErrorDetails } from '../../src/domain/upstream-error.ts';
import {
  BAD_RESPONSE,
  BUSINESS_CODES,
  OUTCOME_UNKNOWN,
  UNREACHABLE,
  UNUSABLE_ANSWER,
} from '../../src/domain/verdicts.ts';

const TRANSPORT = {
  unreachable: UNREACHABLE,
  'outcome-unknown': OUTCOME_UNKNOWN,
  'bad-response': BAD_RESPONSE,
  'unusable-answer': UNUSABLE_ANSWER,
};

/** What an upstream may do with a call: a business code, or less than an envelope. 0 is an answer, 201 is no data. */
export type Reply = number | keyof typeof TRANSPORT;

/** An outcome, once it is known when it came. */
export function outcomeOf(
  reply: Reply,
  atMs: number,
  star: number | null = null,
  details: UpstreamErrorDetails = {},
): LinkIndexOutcome {
  if (reply === 0) return answerAt(atMs, star);
  if (reply === 201) return { kind: 'no-data', fetchedAtMs: atMs };
  return failureAt(reply, atMs, details);
}

export function answerAt(fetchedAtMs: number, star: number | null = null): LinkIndexAnswer {
  return { kind: 'answer', scores: scoresOf(star), freshness: 'FRESH', fetchedAtMs };
}

export function failureAt(reply: Reply, failedAtMs: number, details: UpstreamErrorDetails = {}): LinkIndexFailure {
  return { kind: 'failure', error: errorOf(reply, details), failedAtMs };
}

export function errorOf(reply: Reply, details: UpstreamErrorDetails = {}): UpstreamError {
  if (typeof reply === 'string') return new UpstreamError(TRANSPORT[reply], details);
  const verdict = BUSINESS_CODES.get(reply);
  if (verdict === undefined) throw new Error(`expected a documented failure code, got ${reply}`);
  return new UpstreamError(verdict, { upstreamCode: reply, ...details });
}

/** Scores that hold one number, by which an answer is told from another. */
function scoresOf(star: number | null): LinkIndexScores {
  const score = { value: star, avgValue: null, linkRelativeRatio: null, rank: null, rankPercent: null };
  return { cooperate: null, cp: null, convert: null, shopping: null, spread: null, star: score };
}

/** In one word: what kind it is, or the code of what failed, or how stale it is. */
export function wordOf(outcome: LinkIndexOutcome | undefined): string {
  if (outcome === undefined) return 'nothing';
  if (outcome.kind === 'failure') return outcome.error.code;
  return outcome.kind === 'answer' ? outcome.freshness : outcome.kind;
}

/** A requester whose patience ends when the test says so. */
export function createImpatient() {
  const wait = Promise.withResolvers<void>();
  return { requester: { billedCalls: 0, waitOver: wait.promise }, leave: () => wait.resolve() };
}
