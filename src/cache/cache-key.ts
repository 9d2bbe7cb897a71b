import type { LinkIndexKey } from '../domain/link-index.ts';
import type { Endpoint } from '../upstream/endpoints.ts';

/**
 * Untagged answers are the same at both endpoints; a tag means something only at the endpoint that knows it.
 * Ids and tags hold no line break, so this can mean one key only.
 */
export function cacheKeyOf({ kolId, industryTag }: LinkIndexKey, { name, allIndustriesTag }: Endpoint): string {
  return industryTag === '' || industryTag === allIndustriesTag ? kolId : `${kolId}\n${name}\n${industryTag}`;
}
