import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { STAR_OF } from '../operations.ts';
import { answers, type ScriptedUpstream, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { ENTITIES, kol } from './ask-entities.ts';

const SECRET = 'subgraph/Secret+4e8a=10bd';
const START = { env: { SUBGRAPH_SECRET: SECRET } };

interface Asked {
  readonly query: string;
  readonly variables?: object;
  readonly method?: 'GET' | 'POST';
  /** `Router-Authorization`; a list is sent as so many header lines. */
  readonly secret?: string | string[] | undefined;
  readonly accept?: string;
}

/** What `fetch` cannot send: a header twice. */
async function ask(gateway: TestGateway, { query, variables, method = 'POST', secret, accept = '*/*' }: Asked) {
  const url = new URL(`${gateway.origin}/graphql`);
  if (method === 'GET') url.search = String(new URLSearchParams({ query }));
  const headers = { accept, 'content-type': 'application/json', ...(secret && { 'Router-Authorization': secret }) };
  const outgoing = request(url, { method, headers, agent: false });
  outgoing.end(method === 'POST' ? JSON.stringify({ query, variables }) : undefined);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { httpStatus: response.statusCode, headers: JSON.stringify(response.headers), text: await text(response) };
}

/** The whole request is refused, and whatever is said, the secret is not. */
async function expectRefused(gateway: TestGateway, upstream: ScriptedUpstream, asked: Asked): Promise<void> {
  const received = await ask(gateway, asked);
  expect(received.httpStatus).toBe(401);
  expect(JSON.parse(received.text)).toEqual({
    errors: [
      {
        message: expect.any(String),
        extensions: { code: 'UNAUTHENTICATED', retryable: false, requestId: expect.any(String) },
      },
    ],
  });
  expect(upstream.calls).toHaveLength(0);
  for (const each of [received.headers, received.text, gateway.logText()]) {
    expect(each).not.toContain(SECRET);
    expect(each).not.toContain(asked.secret === undefined ? SECRET : String(asked.secret));
  }
}

const BOUGHT =
  '_entities(representations: [{ __typename: "Kol", id: "7" }]) { ... on Kol { linkIndex { fetchedAt } } }';

describe('with SUBGRAPH_SECRET', () => {
  test.each([
    ['without it', undefined],
    ['with one of the same length', SECRET.replace('S', 's')],
    ['with a part of it', SECRET.slice(0, -1)],
    ['with more than it', `${SECRET}d`],
    ['with a scheme before it', `Bearer ${SECRET}`],
    ['with it in two header lines', [SECRET, SECRET]],
    ['with a wrong one first', ['wrong', SECRET]],
    ['with a wrong one second', [SECRET, 'wrong']],
  ])('a router %s is refused as a whole', async (_, secret) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, ...START });
    for (const query of [`{ ${BOUGHT} }`, '{ _service { sdl } }']) {
      await expectRefused(gateway, upstream, { query, secret });
    }
  });

  test.each([
    ['beside other fields', `{ kol(id: "1") { linkIndex { fetchedAt } } ${BOUGHT} }`],
    ['under an alias', `{ kols: ${BOUGHT} }`],
    ['in a named fragment', `{ ...F } fragment F on Query { a: kol(id: "1") { id } ${BOUGHT} }`],
    ['in nested inline fragments', '{ ... on Query { ... { _service { sdl } } } }'],
    ['in a deferred fragment', `{ ... @defer { ${BOUGHT} } }`],
    ['though it is skipped', '{ kol(id: "1") { linkIndex { fetchedAt } } _service @skip(if: true) { sdl } }'],
    ['in place of too many KOLs', `{ _entities(representations: [${'{id: 1}'.repeat(501)}]) { __typename } }`],
  ])("a router's field %s is refused as a whole", async (_, query) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, ...START });
    await expectRefused(gateway, upstream, { query });
    await expectRefused(gateway, upstream, { query, accept: 'multipart/mixed, application/json' });
    await expectRefused(gateway, upstream, { query, accept: 'application/graphql-response+json' });
    if (query.length < 5000) await expectRefused(gateway, upstream, { query, method: 'GET' });
  });

  test('a router that has it may ask by POST and by GET', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, ...START });
    const variables = { representations: [kol('7')] };
    const entities = await ask(gateway, { query: ENTITIES, variables, secret: SECRET });
    expect(JSON.parse(entities.text)).toEqual({
      data: { _entities: [{ id: '7', linkIndex: { star: { value: starOf('7') } } }] },
    });
    for (const method of ['GET', 'POST'] as const) {
      const service = await ask(gateway, { query: '{ _service { sdl } }', secret: SECRET, method });
      expect(service).toMatchObject({ httpStatus: 200, text: expect.stringContaining('@key(fields: \\"id\\")') });
    }
    expect(upstream.calls).toHaveLength(1);
    for (const each of [entities.headers, entities.text, gateway.logText()]) expect(each).not.toContain(SECRET);
  });

  test('other queries need no secret, and a wrong one does not matter to them', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, ...START });
    for (const secret of [undefined, 'wrong']) {
      const { httpStatus, text } = await ask(gateway, { query: STAR_OF.toString(), variables: { id: '7' }, secret });
      expect([httpStatus, JSON.parse(text).data.kol.linkIndex.star.value]).toEqual([200, starOf('7')]);
    }
    const introspected = await ask(gateway, { query: '{ __type(name: "Query") { fields { name } } }' });
    expect(introspected).toMatchObject({ httpStatus: 200, text: expect.stringContaining('"_entities"') });
    expect(upstream.calls).toHaveLength(1);
  });
});

test('without SUBGRAPH_SECRET a router needs none, and one that it sends does not matter', async () => {
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream });
  for (const secret of [undefined, SECRET]) {
    expect(await ask(gateway, { query: `{ ${BOUGHT} }`, secret })).toMatchObject({ httpStatus: 200 });
  }
  expect(upstream.calls).toHaveLength(1);
});
