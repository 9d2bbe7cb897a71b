import { addResolversToSchema, entitiesResolver, printSubgraphSchema } from '@apollo/subgraph';
import { extendSchema, type GraphQLSchema, parse } from 'graphql';

/**
 * How an entity is found by a representation of it, for each type by its name. A failure is returned as an Error value:
 * what one representation throws would fail all others of the request.
 */
export type EntityResolvers = Readonly<Record<string, (representation: never) => unknown>>;

/**
 * Adds the fields that a router asks every subgraph for: `_service { sdl }` to compose it, `_entities` to join it.
 *
 * @param graph has `@link` on its schema and `@key` on its entities, as `@pothos/plugin-directives` keeps directives
 * @param entityResolvers one for each type with a `@key`, at least one
 * @see https://www.apollographql.com/docs/graphos/reference/federation/subgraph-spec
 */
export function toSubgraphSchema(graph: GraphQLSchema, entityResolvers: EntityResolvers): GraphQLSchema {
  const sdl = printSubgraphSchema(graph); // without the fields below: composers know them
  const subgraph = extendSchema(
    graph,
    parse(`
      scalar _Any
      union _Entity = ${Object.keys(entityResolvers).join(' | ')}
      type _Service { sdl: String }
      extend type Query {
        _entities(representations: [_Any!]!): [_Entity]!
        _service: _Service!
      }
    `),
  );
  for (const [typeName, resolve] of Object.entries(entityResolvers)) {
    addResolversToSchema(subgraph, { [typeName]: { __resolveReference: resolve as never } });
  }
  addResolversToSchema(subgraph, {
    Query: {
      _entities: (_root, { representations }, context, info) => entitiesResolver({ representations, context, info }),
      _service: () => ({ sdl }),
    },
  });
  return subgraph;
}
