import type { LinkIndexAnswer, LinkIndexOutcome, NoLinkIndex } from '../domain/link-index.ts';
import { type Entry, isPausing, type Lifetimes, windowOf } from './entry.ts';
import { answerOf, type KeptAnswer, outcomeOf } from './kept-answer.ts';

/** What may be done with what is remembered of a key. */
export type Judgement =
  /** Serve it; with `isDue`, and get a newer one behind it. */
  | { readonly kind: 'serve'; readonly outcome: LinkIndexOutcome; readonly isDue: boolean }
  /** Ask the upstream first; serve this only where that brings nothing in time. */
  | { readonly kind: 'ask'; readonly fallback: LinkIndexAnswer | undefined };

export function judge(entry: Entry | undefined, lifetimes: Lifetimes, nowMs: number): Judgement {
  const { answer, failure } = entry ?? {};
  const isPaused = failure !== undefined && isPausing(failure, nowMs);
  switch (answer && windowOf(answer, lifetimes, nowMs)) {
    case 'fresh':
      return serve(outcomeOf(answer as KeptAnswer | NoLinkIndex));
    case 'stale-while-revalidate':
      return { ...serve(stale(answerOf(answer as KeptAnswer), isPaused)), isDue: !isPaused };
    case 'stale-if-error':
      if (!isPaused) return { kind: 'ask', fallback: answerOf(answer as KeptAnswer) };
      return serve(mayReplace(failure.outcome) ? failure.outcome : stale(answerOf(answer as KeptAnswer), true));
    default:
      return isPaused ? serve(failure.outcome) : { kind: 'ask', fallback: undefined };
  }
}

function serve(outcome: LinkIndexOutcome): Judgement & { readonly kind: 'serve' } {
  return { kind: 'serve', outcome, isDue: false };
}

/** A stale answer; `hasFailed` once its last refresh failed or may not start. */
export function stale(answer: LinkIndexAnswer, hasFailed: boolean): LinkIndexAnswer {
  return { ...answer, freshness: hasFailed ? 'STALE_UPSTREAM_FAILED' : 'STALE_REVALIDATING' };
}

/** Whether an outcome is the upstream's word on this key, before which a third-window answer gives way. */
export function mayReplace(outcome: LinkIndexOutcome): boolean {
  return outcome.kind !== 'failure' || outcome.error.code === 'BAD_USER_INPUT';
}
