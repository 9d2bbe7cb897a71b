import type { PatientStore } from './patient-store.ts';

const NOTHING = Promise.resolve([]);
const DONE = Promise.resolve();

/** Nothing outlives the process: the in-process LRU in front of it is all there is. So nobody waits for it either. */
export const nowhere: PatientStore = {
  get: () => NOTHING,
  put: () => DONE,
  unsavedCount: 0,
  close: () => Promise.resolve(0),
};
