import { GraphQLDeferDirective, GraphQLStreamDirective } from '@graphql-tools/utils';
import { graphqlSync, printSchema, specifiedDirectives } from 'graphql';
import { builder } from './builder.ts';
import { entityResolvers } from './entities.ts';
import { toSubgraphSchema } from './federation.ts';
import './query.ts';

/** The lowest version that has all we use: what a router understands it by, the more routers the better. */
const FEDERATION = 'https://specs.apollo.dev/federation/v2.0';

/** What is served: the graph, and the two fields by which a router composes and joins it. */
export const schema = toSubgraphSchema(
  builder.toSchema({ sortSchema: false, schemaDirectives: { link: { url: FEDERATION, import: ['@key'] } } }),
  entityResolvers,
);

/** The SDL for those who query this graph alone, as it is published in `schema.graphql`. */
export function printSdl(): string {
  const directives = [...specifiedDirectives, GraphQLDeferDirective, GraphQLStreamDirective];
  return `${printSchema(builder.toSchema({ sortSchema: false, directives }))}\n`;
}

/** The SDL for composition into a supergraph, as `_service` gives it to a router. */
export function printSubgraphSdl(): string {
  const { data } = graphqlSync({ schema, source: '{ _service { sdl } }' });
  return `${(data as { _service: { sdl: string } })._service.sdl}\n`;
}
