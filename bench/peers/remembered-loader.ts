import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { LinkIndex } from '../workloads/scores.ts';
import { buyLinkIndex, FRESH_MS, MAX_ENTRIES } from './vendor.ts';

const remembered = new LRUCache<string, LinkIndex>({ max: MAX_ENTRIES, ttl: FRESH_MS });

/** One per request, in front of a memory of all requests: as a tutorial has it. */
export function createLinkIndexLoader(): DataLoader<string, LinkIndex> {
  return new DataLoader((ids) => Promise.all(ids.map(rememberedOrBought)));
}

/** No promise where none is needed: an executor that compiles is twice as fast without. */
export function rememberedOrBought(id: string): LinkIndex | Promise<LinkIndex> {
  return remembered.get(id) ?? buyAndRemember(id);
}

async function buyAndRemember(id: string): Promise<LinkIndex> {
  const bought = await buyLinkIndex(id);
  remembered.set(id, bought);
  return bought;
}
