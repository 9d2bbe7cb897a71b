import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';

type FieldSet = { fields: string };

/** The plugins, and their options, of the product's own builder. */
export const builder = new SchemaBuilder<{
  Directives: {
    composeDirective: { locations: 'SCHEMA'; args: { name: string } };
    custom: { locations: 'OBJECT' };
    extends: { locations: 'OBJECT' };
    external: { locations: 'FIELD_DEFINITION' };
    inaccessible: { locations: 'FIELD_DEFINITION' };
    interfaceObject: { locations: 'OBJECT' };
    key: { locations: 'OBJECT'; args: FieldSet };
    link: { locations: 'SCHEMA'; args: { url: string; import: readonly string[] } };
    override: { locations: 'FIELD_DEFINITION'; args: { from: string } };
    provides: { locations: 'FIELD_DEFINITION'; args: FieldSet };
    requires: { locations: 'FIELD_DEFINITION'; args: FieldSet };
    shareable: { locations: 'OBJECT' };
    tag: { locations: 'FIELD_DEFINITION'; args: { name: string } };
  };
}>({ plugins: [DirectivesPlugin], directives: { useGraphQLToolsUnorderedDirectives: true } });
