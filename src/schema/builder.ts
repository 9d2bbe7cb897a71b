import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import type { LinkIndexLoader } from '../loaders/link-index-loader.ts';

/** What a resolver may use. */
export interface GraphContext {
  readonly linkIndexes: LinkIndexLoader;
  /** Whether the client may buy an answer in any case. */
  readonly mayForce: boolean;
}

export const builder = new SchemaBuilder<{
  Context: GraphContext;
  Scalars: { DateTime: { Input: never; Output: Date } };
  DefaultFieldNullability: false;
}>({ plugins: [DirectivesPlugin, FederationPlugin], defaultFieldNullability: false });
