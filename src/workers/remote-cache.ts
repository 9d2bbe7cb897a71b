import type { AnswerMemory } from '../cache/answer-memory.ts';
import type { FreshEntries } from '../cache/fresh-entries.ts';
import { outcomeOf } from '../cache/kept-answer.ts';
import type { CacheReadOptions, LinkIndexCache } from '../cache/link-index-cache.ts';
import { PENDING } from '../upstream/business-codes.ts';
import type { LinkIndexKey, LinkIndexOutcome } from '../upstream/link-index-source.ts';
import type { Timers } from '../upstream/timers.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import {
  type FaultMessage,
  type OutcomeMessage,
  receivedError,
  sentSpan,
  type ToOwner,
  type ToWorker,
} from './messages.ts';
import type { Post } from './post.ts';
import { createRemoteRequesters } from './remote-requesters.ts';
import { received } from './sent-outcome.ts';

export interface RemoteCacheOptions {
  readonly post: Post<ToOwner>;
  /** This worker's own. */
  readonly memory: AnswerMemory;
  readonly fresh: FreshEntries;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Timers;
}

export interface RemoteCache extends LinkIndexCache {
  /** To be called with everything that the owner says. */
  hear(message: ToWorker): void;
}

/** After its wait is over a request gives the owner so long to say what there is: a stale answer, or none yet; in milliseconds. */
const LAST_WORD_MS = 1000;

interface OpenRead {
  readonly options: CacheReadOptions;
  readonly settle: (outcome: LinkIndexOutcome) => void;
  readonly fail: (error: Error) => void;
  isOver: boolean;
}

/**
 * The owner's cache, seen from a worker: what is fresh in the worker's own memory is served from there, and the owner
 * decides on everything else. It buys, refreshes, and judges what is stale.
 */
export function createRemoteCache({ post, memory, fresh, clock, timers }: RemoteCacheOptions): RemoteCache {
  const reads = new Map<number, OpenRead>();
  const requesters = createRemoteRequesters((requester) => post({ kind: 'leave', requester }));
  let lastId = 0;

  function ask(key: LinkIndexKey, options: CacheReadOptions): Promise<LinkIndexOutcome> {
    const { acceptCache, requester, span } = options;
    const { promise, resolve, reject } = Promise.withResolvers<LinkIndexOutcome>();
    lastId += 1;
    const read: OpenRead = { options, settle: resolve, fail: reject, isOver: false };
    reads.set(lastId, read);
    post({
      ...{ kind: 'read', id: lastId, key, acceptCache },
      requester: requesters.enter(requester),
      mayBuy: requester.mayBuy ?? true,
      payer: requester.payer && { name: requester.payer.name, billedPerDay: requester.payer.billedPerDay },
      span: span && sentSpan(span.context),
    });
    void requester.waitOver.then(() => giveUp(read));
    return promise;
  }

  /** The owner stands still. What it says later is kept, if not for this request. */
  function giveUp(read: OpenRead): void {
    if (read.isOver) return;
    timers.after(LAST_WORD_MS, () => {
      if (read.isOver) return;
      read.isOver = true;
      const error = new UpstreamError(PENDING, { retryAfterSeconds: 1 });
      read.settle({ kind: 'failure', error, failedAtMs: clock() });
    });
  }

  function take(id: number): OpenRead | undefined {
    const read = reads.get(id);
    reads.delete(id);
    if (read) requesters.leave(read.options.requester);
    return read;
  }

  function hearOutcome({ id, cacheKey, outcome: sent, isLed, billedCalls, links }: OutcomeMessage): void {
    const outcome = received(sent);
    // A stale one is the owner's to judge, again at each read.
    if (outcome.kind === 'no-data' || (outcome.kind === 'answer' && outcome.freshness === 'FRESH')) {
      memory.recall(cacheKey, outcome);
    }
    const read = take(id);
    if (!read || read.isOver) return;
    read.isOver = true;
    const { requester, onBought, span } = read.options;
    requester.billedCalls += billedCalls;
    for (const context of links) span?.link({ context });
    if (isLed !== undefined) onBought?.({ isLed });
    read.settle(outcome);
  }

  function hearFault({ id, error }: FaultMessage): void {
    const read = take(id);
    if (!read || read.isOver) return;
    read.isOver = true;
    read.fail(receivedError(error));
  }

  return {
    peek(key) {
      const entry = fresh.find(key, clock());
      if (entry) fresh.keep(key, entry);
      return entry && outcomeOf(entry.answer);
    },
    read: ask,
    hear(message) {
      if (message.kind === 'outcome') hearOutcome(message);
      if (message.kind === 'fault') hearFault(message);
      // While something is asked for, its older answer may still be on the way.
      if (message.kind === 'news' && (reads.size > 0 || memory.peek(message.cacheKey))) {
        memory.remember(message.cacheKey, received(message.outcome));
      }
    },
  };
}
