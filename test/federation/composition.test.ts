import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { IntrospectAndCompose, RemoteGraphQLDataSource } from '@apollo/gateway';
import {
  buildClientSchema,
  type FieldDefinitionNode,
  getIntrospectionQuery,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  printSchema,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { printSubgraphSdl } from '../../src/schema/schema.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { CAMPAIGNS_SDL, startCampaigns } from './campaigns.ts';
import { composeByApollo, composeByGuild, type Subgraph } from './composers.ts';
import { subgraphsAt } from './line.ts';

const SECRET = 'composer/Secret+9c21';
const KOLS: Subgraph = { name: 'kols', url: 'http://kols.example/graphql', sdl: printSubgraphSdl() };
const CAMPAIGNS: Subgraph = { name: 'campaigns', url: 'http://campaigns.example/graphql', sdl: CAMPAIGNS_SDL };

/** Who owns what of `Kol` in a supergraph. */
function ownersOfKol(supergraphSdl: string): { type: string[]; fields: Record<string, string[]> } {
  const kol = parse(supergraphSdl).definitions.find(
    (node): node is ObjectTypeDefinitionNode => node.kind === Kind.OBJECT_TYPE_DEFINITION && node.name.value === 'Kol',
  );
  const directives = (node: ObjectTypeDefinitionNode | FieldDefinitionNode | undefined) =>
    (node?.directives ?? []).map(print).sort();
  return {
    type: directives(kol),
    fields: Object.fromEntries((kol?.fields ?? []).map((field) => [field.name.value, directives(field)])),
  };
}

describe('the SDL of our subgraph', () => {
  test('is what kol-gateway schema --subgraph prints', () => {
    const printed = execFileSync(process.execPath, ['bin/kol-gateway.js', 'schema', '--subgraph'], {
      encoding: 'utf8',
    });
    expect(printed).toBe(printSubgraphSdl());
  });

  test('is what _service gives', async () => {
    await using gateway = await startTestGateway();
    const { data } = (await (await gateway.post({ query: '{ _service { sdl } }' })).json()) as never;
    expect(`${(data as { _service: { sdl: string } })._service.sdl}\n`).toBe(printSubgraphSdl());
  });

  test('makes Kol an entity, and leaves out what every subgraph has', () => {
    const sdl = printSubgraphSdl();
    expect(sdl).toMatch(
      /^schema @link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.0", import: \["@key"\]\) \{/,
    );
    expect(sdl).toMatch(/^type Kol @key\(fields: "id"\) \{/m);
    expect(sdl.match(/@key\(/g)).toHaveLength(1);
    for (const known of ['_entities', '_service', '_Any', '_Entity']) expect(sdl).not.toContain(known);
  });
});

test("introspection shows the published schema and a router's fields, in that order", async () => {
  await using gateway = await startTestGateway();
  const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true });
  const { data } = (await (await gateway.post({ query })).json()) as never;
  const served = printSchema(buildClientSchema(data));
  const forRouters = [
    '\n  _entities(representations: [_Any!]!): [_Entity]!\n  _service: _Service!',
    '\n\nscalar _Any\n\nunion _Entity = Kol\n\ntype _Service {\n  sdl: String\n}',
  ];
  for (const part of forRouters) expect(served).toContain(part);
  const published = forRouters.reduce((text, part) => text.replace(part, ''), served);
  expect(`${published}\n`).toBe(readFileSync('schema.graphql', 'utf8'));
});

test('the published schema has nothing of federation', () => {
  const published = readFileSync('schema.graphql', 'utf8');
  for (const text of ['_entities', '_service', '_Any', '_Entity', '@key', '@link']) {
    expect(published).not.toContain(text);
  }
});

describe.each([
  ['The Guild', composeByGuild],
  ['Apollo', composeByApollo],
] as const)('composed by %s', (_, compose) => {
  test('our subgraph and one that extends Kol are one supergraph', async () => {
    expect(ownersOfKol(await compose([KOLS, CAMPAIGNS]))).toEqual({
      type: ['@join__type(graph: CAMPAIGNS, key: "id")', '@join__type(graph: KOLS, key: "id")'],
      fields: {
        id: [],
        linkIndex: ['@join__field(graph: KOLS)'],
        campaigns: ['@join__field(graph: CAMPAIGNS)'],
      },
    });
  });

  test('our subgraph stands alone as well', async () => {
    expect(ownersOfKol(await compose([KOLS]))).toEqual({
      type: ['@join__type(graph: KOLS, key: "id")'],
      fields: { id: [], linkIndex: [] },
    });
  });

  test.each([
    ['gives linkIndex another type', 'id: ID!', 'id: ID! linkIndex: String @shareable'],
    ['knows a KOL by a key that we do not have', '@key(fields: "id") {', '@key(fields: "code") { code: ID!'],
  ])('a subgraph that %s is refused', async (_name, was, becomes) => {
    const sdl = CAMPAIGNS.sdl.replace(was, becomes).replace('["@key"]', '["@key", "@shareable"]');
    await expect(compose([KOLS, { ...CAMPAIGNS, sdl }])).rejects.toThrow(/linkIndex|campaign/);
  });
});

test('running subgraphs are introspected with the secret, to the same supergraph', async () => {
  await using gateway = await startTestGateway({ env: { SUBGRAPH_SECRET: SECRET, INTROSPECTION: 'false' } });
  await using campaigns = await startCampaigns();
  const subgraphs = subgraphsAt(`${gateway.origin}/graphql`, campaigns.url);
  const introspect = (introspectionHeaders: Record<string, string>) =>
    new IntrospectAndCompose({ subgraphs: [...subgraphs], introspectionHeaders }).initialize({
      update() {},
      async healthCheck() {},
      getDataSource: ({ url = '' }) => new RemoteGraphQLDataSource({ url }),
    });
  const { supergraphSdl } = await introspect({ 'router-authorization': SECRET });
  expect(supergraphSdl).toBe(await composeByApollo(subgraphs));
  await expect(introspect({})).rejects.toThrow('401: Unauthorized');
});
