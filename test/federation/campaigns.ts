import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';

/** Another team's subgraph: it knows the campaigns of a KOL, and nothing of its scores. */
export const CAMPAIGNS_SDL = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key"])

  type Query {
    campaign(members: [ID!]!): [Kol!]!
  }

  type Kol @key(fields: "id") {
    id: ID!
    campaigns: [String!]!
  }
`;

const schema = buildSubgraphSchema([
  {
    typeDefs: parse(CAMPAIGNS_SDL),
    resolvers: {
      Query: { campaign: (_root, { members }: { members: readonly string[] }) => members.map((id) => ({ id })) },
      Kol: { campaigns: ({ id }: { id: string }) => campaignsOf(id) },
    },
  },
]);

export function campaignsOf(kolId: string): string[] {
  return [`spring of ${kolId}`];
}

export interface CampaignsSubgraph extends AsyncDisposable {
  readonly url: string;
}

export async function startCampaigns(): Promise<CampaignsSubgraph> {
  const server = createServer(createYoga({ schema, logging: false }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
