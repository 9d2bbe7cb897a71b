import { createAnswerMemory } from '../../src/cache/answer-memory.ts';
import { createFreshEntries } from '../../src/cache/fresh-entries.ts';
import type { LinkIndexKey, LinkIndexOutcome } from '../../src/upstream/link-index-source.ts';
import type { ToOwner, ToWorker } from '../../src/workers/messages.ts';
import { createRemoteCache } from '../../src/workers/remote-cache.ts';
import { sendable } from '../../src/workers/sent-outcome.ts';
import { createServedReads } from '../../src/workers/served-reads.ts';
import { createCacheLine, LIFETIMES } from '../model/cache-line.ts';
import { settled } from '../model/held-source.ts';
import { createImpatient, wordOf } from '../model/paid-outcomes.ts';

/** Messages in one direction, as text, which arrive when the test says so. */
function createWire<Message>(hear: (message: Message) => void) {
  const underWay: string[] = [];
  return {
    underWay,
    post: (message: Message) => void underWay.push(JSON.stringify(message)),
    async carryOne() {
      const text = underWay.shift();
      if (text !== undefined) hear(JSON.parse(text) as Message);
      await settled();
    },
  };
}

/** An owner's cache line, and workers before it: everything but the processes. */
export function createWorkerLine(workerCount = 2) {
  const line = createCacheLine({
    onNews(cacheKey, news) {
      for (const { toWorker } of workers) toWorker.post({ kind: 'news', cacheKey, outcome: sendable(news) });
    },
  });
  const { clock, cache, keyOf } = line;
  const workers = Array.from({ length: workerCount }, createWorker);

  function createWorker() {
    const memory = createAnswerMemory({ maxEntries: 100, lifetimes: LIFETIMES, clock: clock.nowMs });
    const toOwner = createWire<ToOwner>((message) => {
      if (message.kind === 'read') served.read(message);
      if (message.kind === 'leave') served.leave(message.requester);
    });
    const toWorker = createWire<ToWorker>((message) => remote.hear(message));
    const served = createServedReads({ cache, keyOf, post: toWorker.post });
    const remote = createRemoteCache({
      post: toOwner.post,
      memory,
      fresh: createFreshEntries({ memory, lifetimes: LIFETIMES, keyOf }),
      clock: clock.nowMs,
      timers: clock.timers,
    });

    /** Begins to read as a request does. */
    function read(key: LinkIndexKey, acceptCache = true, { requester, leave } = createImpatient()) {
      const reader = {
        seen: undefined as LinkIndexOutcome | undefined,
        isLed: undefined as boolean | undefined,
        fault: undefined as unknown,
        requester,
        leave,
        word: () => wordOf(reader.seen),
      };
      const onBought = (bought: { isLed: boolean }) => {
        reader.isLed = bought.isLed;
      };
      const hit = acceptCache ? remote.peek(key) : undefined;
      const outcome = hit ? Promise.resolve(hit) : remote.read(key, { acceptCache, requester, onBought });
      outcome.then(
        (settledTo) => {
          reader.seen = settledTo;
        },
        (error: unknown) => {
          reader.fault = error;
        },
      );
      return reader;
    }

    return { memory, remote, served, toOwner, toWorker, read };
  }

  /** Lets every message arrive, and what follows from it. */
  async function carryAll(): Promise<void> {
    await settled();
    while (workers.some(({ toOwner, toWorker }) => toOwner.underWay.length + toWorker.underWay.length > 0)) {
      for (const { toOwner, toWorker } of workers) {
        await toOwner.carryOne();
        await toWorker.carryOne();
      }
    }
  }

  return { ...line, workers, at: (index: number) => workers[index] as (typeof workers)[number], carryAll };
}
