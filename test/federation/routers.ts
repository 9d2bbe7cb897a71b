import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import httpTransport from '@graphql-mesh/transport-http';
import { getOperationAST, parse } from 'graphql';
import type { GraphResult } from '../support/test-gateway.ts';
import { composeByApollo, composeByGuild, type Subgraph } from './composers.ts';

export interface Router extends AsyncDisposable {
  /** The subgraph requests so far, each by its URL. */
  readonly requests: readonly string[];
  query<Data>(query: string, variables: object, headers?: Readonly<Record<string, string>>): Promise<GraphResult<Data>>;
}

export interface RouterOptions {
  readonly subgraphs: readonly Subgraph[];
  /** Sent as `Router-Authorization` with every subgraph request. */
  readonly secret?: string | undefined;
}

export interface RouterProduct {
  readonly name: string;
  /** Where the error of a row's `linkIndex` points, in the words of this router. */
  readonly pathOf: (field: string, row: number) => readonly (string | number)[];
  start(options: RouterOptions): Promise<Router>;
}

type Executor = ApolloGateway['executor'];
type Headers = Readonly<Record<string, string>>;

/** As docs/federation.md tells platform teams: the secret is the router's own, the rest is the client's. */
function subgraphHeaders(client: Headers, secret: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of ['prefer', 'x-request-id']) if (client[name] !== undefined) headers[name] = client[name];
  if (secret !== undefined) headers['router-authorization'] = secret;
  return headers;
}

const hive: RouterProduct = {
  name: 'Hive Gateway',
  pathOf: (field) => [field, 'linkIndex'],
  async start({ subgraphs, secret }) {
    const requests: string[] = [];
    const runtime = createGatewayRuntime({
      supergraph: await composeByGuild(subgraphs),
      logging: false,
      transports: { http: httpTransport },
      upstreamTimeout: 75_000,
      propagateHeaders: {
        fromClientToSubgraphs: ({ request, subgraphName }) =>
          subgraphName === 'kols' ? subgraphHeaders(Object.fromEntries(request.headers), secret) : {},
      },
      plugins: () => [{ onFetch: ({ url }) => void requests.push(url) }],
    });
    return {
      requests,
      async query(query, variables, headers) {
        const response = await runtime.fetch('http://router/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query, variables }),
        });
        return (await response.json()) as never;
      },
      async [Symbol.asyncDispose]() {
        await runtime[Symbol.asyncDispose]();
      },
    };
  },
};

const apollo: RouterProduct = {
  name: "Apollo's gateway",
  pathOf: (field, row) => [field, row, 'linkIndex'],
  async start({ subgraphs, secret }) {
    const requests: string[] = [];
    const gateway = new ApolloGateway({
      supergraphSdl: await composeByApollo(subgraphs),
      // Its fetcher has no time-out, and repeats nothing.
      buildService: ({ name, url = '' }) =>
        new RemoteGraphQLDataSource<{ client: Headers }>({
          url,
          willSendRequest({ request, context }) {
            requests.push(url);
            if (name !== 'kols') return;
            for (const [name, value] of Object.entries(subgraphHeaders(context.client, secret))) {
              request.http?.headers.set(name, value);
            }
          },
        }),
    });
    const { schema, executor } = await gateway.load();
    return {
      requests,
      async query(query, variables, headers = {}) {
        const document = parse(query);
        const request = {
          schema,
          document,
          operation: getOperationAST(document),
          operationName: null,
          queryHash: query,
          request: { query, variables },
          context: { client: headers },
          metrics: {},
        };
        // The rest of its declaration is Apollo Server's own business, which the gateway leaves alone.
        return JSON.parse(JSON.stringify(await executor(request as unknown as Parameters<Executor>[0])));
      },
      async [Symbol.asyncDispose]() {
        await gateway.stop();
      },
    };
  },
};

export const ROUTERS: readonly RouterProduct[] = [hive, apollo];
