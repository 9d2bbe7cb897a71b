import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import type { LinkIndexLoader } from '../loaders/link-index-loader.ts';

/** What a resolver may use. */
export interface GraphContext {
  readonly linkIndexes: LinkIndexLoader;
  /** Whether the client may buy an answer in any case. */
  readonly mayForce: boolean;
}

export const builder = new SchemaBuilder<{
  Context: GraphContext;
  Directives: {
    key: { locations: 'OBJECT'; args: { fields: string } };
    link: { locations: 'SCHEMA'; args: { url: string; import: readonly string[] } };
  };
  Scalars: { DateTime: { Input: never; Output: Date } };
  DefaultFieldNullability: false;
}>({
  plugins: [DirectivesPlugin],
  // The form in which the printer of the subgraph's SDL reads them.
  directives: { useGraphQLToolsUnorderedDirectives: true },
  defaultFieldNullability: false,
});
