import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Parsed, a document takes 65 times its length: at most 65 MB. Yoga's own caches count documents, up to 1.4 GB. */
const MAX_CHARACTERS = 1_000_000;

/** What yoga remembers of documents by their text. */
export function createDocumentCaches() {
  return { documentCache: createCache<DocumentNode>(), errorCache: createCache<object>() };
}

function createCache<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache({ maxSize: MAX_CHARACTERS, sizeCalculation: (_value, text) => Math.max(1, text.length) });
}
