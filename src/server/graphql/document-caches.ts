import { type DocumentNode, TokenKind } from 'graphql';
import { LRUCache } from 'lru-cache';

/** For all documents together: some 3,000 of 200 characters. Yoga's own caches count documents, however large. */
const MAX_BYTES = 100_000_000;
/** Of each token, comments included: itself, its node, its place, and what is remembered of it. */
const TOKEN_BYTES = 650;
/** Of each character: as the text, and in the values of its tokens, each perhaps in UTF-16. */
const CHARACTER_BYTES = 4;
/** Of each character of a text with escapes, which the parser puts together one by one. */
const UNESCAPED_CHARACTER_BYTES = 40;
const DOCUMENT_BYTES = 2000;

/** What yoga remembers of documents by their text. */
export interface DocumentCaches {
  readonly parserAndValidationCache: {
    readonly documentCache: LRUCache<string, DocumentNode>;
    readonly errorCache: { get(text: string): undefined; set(): void };
  };
  /** To be called with a document that is invalid: yoga keeps its errors with it, and their stacks hold what graphql checked it with. */
  forget(document: DocumentNode): void;
}

/**
 * Only valid documents are remembered. An invalid one is parsed and checked at each request; who wants to cause that work
 * could send another document each time. See docs/decisions/017-limits-of-our-own.md.
 */
export function createDocumentCaches(): DocumentCaches {
  const documentCache = new LRUCache<string, DocumentNode>({ maxSize: MAX_BYTES, sizeCalculation: bytesOf });
  return {
    parserAndValidationCache: { documentCache, errorCache: { get: () => undefined, set() {} } },
    forget: ({ loc }) => void (loc && documentCache.delete(loc.source.body)),
  };
}

function bytesOf({ loc }: DocumentNode, text: string): number {
  let bytes = DOCUMENT_BYTES + CHARACTER_BYTES * text.length;
  for (let token = loc?.startToken ?? null; token; token = token.next) {
    bytes += TOKEN_BYTES;
    if (token.kind === TokenKind.STRING) bytes += unescapedBytes(token.value, token);
  }
  return bytes;
}

/** What a text that was parsed takes besides the document's. @param place of it in the document, quotes included */
export function unescapedBytes(text: string, { start, end }: { start: number; end: number }): number {
  return text.length + 2 === end - start ? 0 : UNESCAPED_CHARACTER_BYTES * text.length;
}
