import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import InMemoryLRUCache from '@graphql-mesh/cache-inmemory-lru';
import { defineConfig, getComposedSchemaFromConfig } from '@graphql-mesh/compose-cli';
import { DefaultLogger } from '@graphql-mesh/utils';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';
import type { GraphQLResolveInfo } from 'graphql';
import { TYPE_DEFS } from './schema.ts';
import { type Envelope, FRESH_MS, linkIndexFrom, MAX_ENTRIES, UPSTREAM } from './vendor.ts';

/**
 * Hive Gateway over the vendor's OpenAPI document, with the graph of the workloads as additional types and resolvers,
 * and its response cache. It remembers whole answers only, so lists at random would be bought anew each time.
 */
const source = fileURLToPath(new URL('vendor-openapi.json', import.meta.url));
const supergraph = await getComposedSchemaFromConfig(
  defineConfig({
    subgraphs: [{ sourceHandler: loadOpenAPISubgraph('Vendor', { source, endpoint: UPSTREAM }) }],
    additionalTypeDefs: TYPE_DEFS.replace('type Query', 'extend type Query'),
  }),
  new DefaultLogger('compose'),
);

const BLOCK = '{ avg_value link_relative_ratio rank rank_percent value }';
const SELECTION = `{ code data { cooperate_index ${BLOCK} cp_index ${BLOCK} link_convert_index ${BLOCK}
  link_shopping_index ${BLOCK} link_spread_index ${BLOCK} link_star_index ${BLOCK} } }`;

interface Context {
  readonly Vendor: { readonly Query: { kolLinkInfo(call: object): Promise<Envelope> } };
}

const gateway = createGatewayRuntime({
  supergraph,
  logging: 'error',
  cache: new InMemoryLRUCache({ max: MAX_ENTRIES }),
  responseCaching: { session: () => null, ttl: FRESH_MS },
  additionalResolvers: {
    Query: {
      kol: (_: unknown, { id }: { id: string }) => ({ id }),
      kols: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id })),
    },
    Kol: {
      async linkIndex(root: { id: string }, _: unknown, context: Context, info: GraphQLResolveInfo) {
        const args = { token: 'bench', kolId: root.id };
        const call = { root, args, context, info, selectionSet: SELECTION };
        return linkIndexFrom(await context.Vendor.Query.kolLinkInfo(call));
      },
    },
  },
});
createServer(gateway).listen(Number(process.env['PORT']), '127.0.0.1');
