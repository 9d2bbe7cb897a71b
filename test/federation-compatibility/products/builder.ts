import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';

/** The plugins, and their order, of the product's own builder. */
export const builder = new SchemaBuilder<{
  Directives: {
    custom: { locations: 'OBJECT' };
    link: { locations: 'SCHEMA'; args: { url: string; import: readonly string[] } };
  };
}>({ plugins: [DirectivesPlugin, FederationPlugin] });
