import SchemaBuilder from '@pothos/core';
import type { LinkIndexLoader } from '../loaders/link-index-loader.ts';

/** What a resolver may use. */
export interface GraphContext {
  readonly linkIndexes: LinkIndexLoader;
}

export const builder = new SchemaBuilder<{
  Context: GraphContext;
  Scalars: { DateTime: { Input: never; Output: Date } };
  DefaultFieldNullability: false;
}>({ defaultFieldNullability: false });
