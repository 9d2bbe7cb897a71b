import type { AnswerMemory } from './answer-memory.ts';
import type { PatientStore } from './patient-store.ts';

/** Brings what the store has of a key into the memory. */
export type Recall = (cacheKey: string) => Promise<void>;

export function createRecall(memory: AnswerMemory, store: PatientStore): Recall {
  return async (cacheKey) => {
    for (const { outcome } of await store.get(cacheKey)) memory.recall(cacheKey, outcome);
  };
}
