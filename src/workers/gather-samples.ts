import { countedBy, type Samples, textOfAll } from '../telemetry/sum-samples.ts';
import type { Timers } from '../upstream/timers.ts';

/** A worker that does not say in so long what it has counted is taken at its last word, in milliseconds. */
const PATIENCE_MS = 1000;

/** What the workers have counted, those that are gone included: else a sum would fall with each that ends. */
export interface GatherSamples {
  /** The metrics of the owner and of these workers, as text. */
  text(own: Samples, workerIds: readonly number[]): Promise<string>;
  /** A worker has answered. */
  hear(askId: number, workerId: number, samples: Samples): void;
  /** A worker is gone; what it counted since it was asked last is lost with it. */
  gone(workerId: number): void;
}

/** @param ask asks a worker, who answers under the number of the question */
export function createGatherSamples(ask: (workerId: number, askId: number) => void, timers: Timers): GatherSamples {
  const lastWords = new Map<number, Samples>();
  const asked = new Map<number, () => void>();
  let countedByTheGone: Promise<Samples> = Promise.resolve([]);
  let lastAskId = 0;

  function askOne(workerId: number): Promise<void> {
    lastAskId += 1;
    const askId = lastAskId;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = timers.after(PATIENCE_MS, resolve);
    asked.set(askId, resolve);
    ask(workerId, askId);
    return promise.finally(() => {
      cancel();
      asked.delete(askId);
    });
  }

  return {
    async text(own, workerIds) {
      await Promise.all(workerIds.map(askOne));
      return textOfAll(own, [await countedByTheGone, ...lastWords.values()]);
    },
    hear(askId, workerId, samples) {
      lastWords.set(workerId, samples);
      asked.get(askId)?.();
    },
    gone(workerId) {
      const lastWord = lastWords.get(workerId);
      lastWords.delete(workerId);
      if (lastWord) countedByTheGone = countedByTheGone.then((before) => countedBy(before, lastWord));
    },
  };
}
