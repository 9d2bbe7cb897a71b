import type { AnswerStore } from './answer-store.ts';

/** Nothing outlives the process: the in-process LRU in front of it is all there is. */
export const memoryAnswerStore: AnswerStore = {
  getMany: async () => [],
  put: async () => {},
};
