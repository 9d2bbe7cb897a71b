import type { LinkIndexKey, LinkIndexOutcome } from '../upstream/link-index-source.ts';

/** What is remembered of a read. It carries its own time, so a changed configuration changes the judgement, not the data. */
export type Entry = LinkIndexOutcome;

export interface Lifetimes {
  /** How long an answer is served as it is, in milliseconds. */
  readonly freshMs: number;
  /** How long "no such data", refused parameters and unusable paid answers are remembered, in milliseconds. */
  readonly negativeMs: number;
}

/** A call that may have been billed is not repeated for this long, so that a reload does not buy again. */
const OUTCOME_UNKNOWN_MS = 60_000;

/** How long an entry may be served, in milliseconds; 0 is not at all. */
export function lifetimeOf(entry: Entry, { freshMs, negativeMs }: Lifetimes): number {
  switch (entry.kind) {
    case 'answer':
      return freshMs;
    case 'no-data':
      return negativeMs;
    case 'failure':
      switch (entry.error.code) {
        case 'BAD_USER_INPUT':
        case 'UPSTREAM_BAD_RESPONSE':
          return negativeMs;
        case 'UPSTREAM_OUTCOME_UNKNOWN':
          return OUTCOME_UNKNOWN_MS;
        default:
          return 0;
      }
  }
}

/** Judged on reading. An entry from the future (a clock set back) is taken as new. */
export function isUsable(entry: Entry, lifetimes: Lifetimes, nowMs: number): boolean {
  const bornAtMs = entry.kind === 'failure' ? entry.failedAtMs : entry.fetchedAtMs;
  return nowMs - bornAtMs < lifetimeOf(entry, lifetimes);
}

/** Ids and tags hold no line break, so this can mean one key only. */
export function cacheKeyOf({ kolId, industryTag }: LinkIndexKey): string {
  return `${kolId}\n${industryTag}`;
}
