import type { ReadOptions, Requester } from '../../src/domain/link-index.ts';

/** Somebody who waits for ever. */
export function createRequester(): Requester {
  return { billedCalls: 0, waitOver: new Promise(() => {}) };
}

export const CACHED: ReadOptions = { acceptCache: true, requester: createRequester() };
export const FORCED: ReadOptions = { acceptCache: false, requester: createRequester() };
