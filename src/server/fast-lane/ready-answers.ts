import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { FreshEntries, FreshEntry } from '../../cache/fresh-entries.ts';
import type { LinkIndexKey } from '../../domain/link-index.ts';
import { isStillTrusted, type ParsedRequest, type Trusted } from './parse-request.ts';
import type { FoundPlan } from './plans.ts';
import type { CountedHits } from './reads.ts';

export interface ReadyAnswersOptions {
  readonly fresh: FreshEntries;
  readonly trusted: Trusted | undefined;
}

/** What a request asks, and how it is answered. */
export interface Planned extends FoundPlan {
  readonly parsed: ParsedRequest;
}

/** An answer from memory. */
export interface Answer {
  /** All of it is ASCII. */
  readonly content: string | Buffer;
  readonly hits: Pick<CountedHits, 'answers' | 'negatives' | 'freshForMs'>;
}

/** What is left of a parsed request when its answer is ready. The plan is not: it may take a multiple of its document. */
export type Asked = Pick<ParsedRequest, 'text' | 'operationName' | 'hash'>;

export interface ReadyAnswer extends Answer {
  readonly parsed: Asked;
}

/** Whole answers to long requests that are sent again and again, for example a dashboard's list of KOLs. */
export interface ReadyAnswers {
  /** @returns what was kept for these very bytes, if it would be the same now */
  find(body: Buffer, nowMs: number): ReadyAnswer | undefined;
  /** To be called with what a plan has just answered; it is kept when the same bytes come for the second time. */
  offer(body: Buffer, planned: Planned, answer: { content: string; hits: CountedHits }, nowMs: number): void;
}

/** Shorter requests are answered by their plan as fast. */
const MIN_BODY_BYTES = 1000;
/** For all answers together, with what they hold on to. */
const MAX_BYTES = 50_000_000;
/** What an entry of the memory takes with a text and its key, where an answer is all that still holds it. */
const ENTRY_BYTES = 1200;
/** What the rest of a kept answer takes. */
const BESIDES_BYTES = 1000;
/** So many requests are remembered as having come once, by their checksum. */
const SEEN = 4096;

interface Kept {
  readonly parsed: Asked;
  readonly body: Buffer;
  readonly content: Buffer;
  readonly answers: number;
  readonly negatives: number;
  readonly reads: readonly { readonly key: LinkIndexKey; readonly entry: FreshEntry }[];
  readonly madeAtMs: number;
  readonly freshUntilMs: number;
  /** How far the memory had changed when the entries were last read in their own right. */
  readonly readAt: number;
  /** And when they were last compared. */
  comparedAt: number;
}

export function createReadyAnswers({ fresh, trusted }: ReadyAnswersOptions): ReadyAnswers {
  const seen = new Uint32Array(SEEN);
  const kept = new LRUCache<number, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ parsed, body, content, reads }) =>
      BESIDES_BYTES + 2 * parsed.text.length + body.byteLength + content.byteLength + reads.length * ENTRY_BYTES,
  });

  /** Whether a plan would give the same now: from the same entries, all of them still fresh. */
  function isCurrent(answer: Kept, nowMs: number): boolean {
    // Before it was made is after the clock was set back.
    if (nowMs < answer.madeAtMs || answer.freshUntilMs <= nowMs) return false;
    if (!isStillTrusted(answer.parsed, trusted)) return false;
    const changes = fresh.changes();
    if (answer.comparedAt === changes) return true;
    // Only a plan's reads keep their entries from being forgotten.
    if (fresh.isPromotionDue(answer.readAt)) return false;
    answer.comparedAt = changes;
    return answer.reads.every(({ key, entry }) => fresh.find(key, nowMs) === entry);
  }

  return {
    find(body, nowMs) {
      if (body.byteLength < MIN_BODY_BYTES) return undefined;
      const checksum = crc32(body);
      const answer = kept.get(checksum);
      if (answer === undefined || !answer.body.equals(body)) return undefined;
      if (!isCurrent(answer, nowMs)) {
        kept.delete(checksum);
        return undefined;
      }
      const { parsed, content, answers, negatives, freshUntilMs } = answer;
      return { parsed, content, hits: { answers, negatives, freshForMs: freshUntilMs - nowMs } };
    },
    offer(body, planned, { content, hits }, nowMs) {
      if (body.byteLength < MIN_BODY_BYTES) return;
      const checksum = crc32(body);
      const isFirst = seen[checksum % SEEN] !== checksum;
      seen[checksum % SEEN] = checksum;
      const reads = isFirst ? undefined : readsOf(planned, fresh, nowMs);
      if (reads === undefined) return;
      const { text, operationName, hash } = planned.parsed;
      kept.set(checksum, {
        parsed: { text, operationName, hash },
        ...{ reads, answers: hits.answers, negatives: hits.negatives },
        body: ownBuffer(body.byteLength, (copy) => body.copy(copy)),
        content: ownBuffer(content.length, (copy) => copy.write(content, 'latin1')),
        madeAtMs: nowMs,
        freshUntilMs: nowMs + hits.freshForMs,
        readAt: fresh.changes(),
        comparedAt: fresh.changes(),
      });
    },
  };
}

/** In memory of its own: a buffer of Node's pool keeps all 64 kB of the pool with it, whatever else was in there. */
function ownBuffer(bytes: number, fill: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  fill(buffer);
  return buffer;
}

/** @returns undefined where an industry is named: which entry holds it depends on the endpoint, which may change */
function readsOf({ plan, variables }: Planned, fresh: FreshEntries, nowMs: number): Kept['reads'] | undefined {
  const reads: { key: LinkIndexKey; entry: FreshEntry }[] = [];
  const isWhole = plan.answer(variables, {
    countKols: () => true,
    textOf(kolId, industryTag) {
      const key = { kolId, industryTag };
      const entry = industryTag === '' ? fresh.find(key, nowMs) : undefined;
      if (entry) reads.push({ key, entry });
      return entry && '';
    },
  });
  return isWhole === undefined ? undefined : reads;
}
