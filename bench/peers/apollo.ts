import { type DataSourceConfig, RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl';
import { startStandaloneServer } from '@apollo/server/standalone';
import responseCachePlugin from '@apollo/server-plugin-response-cache';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import type { LinkIndex } from '../workloads/scores.ts';
import { TYPE_DEFS } from './schema.ts';
import { CALL, type Envelope, FRESH_MS, linkIndexFrom, UPSTREAM } from './vendor.ts';

/** Apollo Server with RESTDataSource, which keeps the upstream's answers in Apollo's cache; `RESPONSE_CACHE` keeps its own too. */
const FRESH_SECONDS = FRESH_MS / 1000;
/** The documentation's example takes 100 MiB. */
const cache = new InMemoryLRUCache({ maxSize: 100 * 2 ** 20 });

/** Its own default, node-fetch, opens a connection for every call. */
const keepingAlive = fetch as unknown as NonNullable<DataSourceConfig['fetch']>;

class Vendor extends RESTDataSource {
  override baseURL = UPSTREAM;

  async linkIndex(kolId: string): Promise<LinkIndex> {
    const params = { token: 'bench', kolId };
    return linkIndexFrom(await this.get<Envelope>(CALL, { params, cacheOptions: { ttl: FRESH_SECONDS } }));
  }
}

interface Context {
  readonly vendor: Vendor;
}

const server = new ApolloServer<Context>({
  typeDefs: TYPE_DEFS,
  cache,
  resolvers: {
    Query: {
      kol: (_: unknown, { id }: { id: string }) => ({ id }),
      kols: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id })),
    },
    Kol: { linkIndex: ({ id }: { id: string }, _: unknown, { vendor }: Context) => vendor.linkIndex(id) },
  },
  plugins: process.env['RESPONSE_CACHE']
    ? [ApolloServerPluginCacheControl({ defaultMaxAge: FRESH_SECONDS }), responseCachePlugin()]
    : [],
});

await startStandaloneServer(server, {
  listen: { port: Number(process.env['PORT']), host: '127.0.0.1' },
  context: async () => ({ vendor: new Vendor({ cache: server.cache, fetch: keepingAlive }) }),
});
