import { describe, expect, test } from 'vitest';
import { IDS_ONLY } from '../operations.ts';
import { answers, type Behaviour, failsWith, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { askEntities, ENTITIES, kol } from './ask-entities.ts';

const kols = (count: number) => Array.from({ length: count }, (_, index) => kol(`kol-${index}`));
const entity = (id: string) => ({ id, linkIndex: { star: { value: starOf(id) } } });

const failsIfNamedSo: Behaviour = (socket, call) =>
  (call.parameters.get('kolId') === 'failing' ? failsWith(301) : answers)(socket, call);

const BAD_INPUT = { code: 'BAD_USER_INPUT', retryable: false, requestId: expect.any(String) };
const REFUSED = { errors: [{ extensions: BAD_INPUT }] };

describe('an entity', () => {
  test('stands where the router asked for it, and is bought once however often it is named', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const ids = ['3', '1', '3', '2', '1'];
    expect(await askEntities(gateway, ids.map(kol))).toEqual({ httpStatus: 200, data: { _entities: ids.map(entity) } });
    expect(upstream.calls.map(({ parameters }) => parameters.get('kolId')).sort()).toEqual(['1', '2', '3']);
    await askEntities(gateway, ids.map(kol));
    expect(upstream.calls).toHaveLength(3);
  });

  test('that fails harms no other', async () => {
    await using upstream = await startScriptedUpstream(failsIfNamedSo);
    await using gateway = await startTestGateway({ upstream });
    const { data, errors } = await askEntities(gateway, [kol('1'), kol('failing'), kol('2')]);
    expect(data).toEqual({ _entities: [entity('1'), { id: 'failing', linkIndex: null }, entity('2')] });
    expect(errors).toMatchObject([
      { path: ['_entities', 1, 'linkIndex'], extensions: { code: 'UPSTREAM_COLLECTION_FAILED', upstreamCode: 301 } },
    ]);
  });

  test.each([
    ['null', kol(null)],
    ['missing', { __typename: 'Kol' }],
    ['under another name', { __typename: 'Kol', ID: '7' }],
    ['an object', kol({ id: '7' })],
    ['a list', kol(['7'])],
    ['a boolean', kol(true)],
    ['a fraction', kol(7.5)],
    ['a number beyond 2^53', kol(2 ** 62)],
    ['empty', kol('')],
    ['malformed', kol('7&token=x')],
    ['too long', kol('7'.repeat(65))],
  ])('whose id is %s is null by itself', async (_, bad) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const { data, errors } = await askEntities(gateway, [kol('1'), bad, kol('2')]);
    expect(data).toEqual({ _entities: [entity('1'), null, entity('2')] });
    expect(errors).toMatchObject([{ path: ['_entities', 1], extensions: BAD_INPUT }]);
    expect(upstream.calls.map(({ parameters }) => parameters.get('kolId')).sort()).toEqual(['1', '2']);
  });

  test('may have its id as a number that JSON holds exactly, in variables and in the query itself', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    expect((await askEntities(gateway, [kol(Number.MAX_SAFE_INTEGER), kol(7)])).data).toEqual({
      _entities: [entity('9007199254740991'), entity('7')],
    });
    const query = '{ _entities(representations: [{ __typename: "Kol", id: 7 }]) { ... on Kol { id } } }';
    expect((await askEntities(gateway, [], { query })).data).toEqual({ _entities: [{ id: '7' }] });
    expect(upstream.calls).toHaveLength(2);
  });

  test('that defers its scores arrives in parts', async () => {
    await using upstream = await startScriptedUpstream(failsIfNamedSo);
    await using gateway = await startTestGateway({ upstream });
    const query = ENTITIES.replace('linkIndex', '... @defer { linkIndex').replace(/}\s*$/, '} }');
    const variables = { representations: [kol('1'), kol('failing')] };
    const response = await gateway.post({ query, variables }, { headers: { accept: 'multipart/mixed' } });
    const parts = [...(await response.text()).matchAll(/^\{.*\}$/gm)].map(([part]) => JSON.parse(part));
    expect(parts[0]).toEqual({ data: { _entities: [{ id: '1' }, { id: 'failing' }] }, hasNext: true });
    const deferred = parts.flatMap(({ incremental = [] }) => incremental);
    expect(deferred).toHaveLength(2);
    expect(deferred).toContainEqual({ data: { linkIndex: entity('1').linkIndex }, path: ['_entities', 0] });
    expect(deferred.find(({ path }) => path[1] === 1)).toMatchObject({
      data: { linkIndex: null },
      errors: [{ extensions: { code: 'UPSTREAM_COLLECTION_FAILED' } }],
    });
    expect(parts.at(-1)).toMatchObject({ hasNext: false, extensions: { billedCalls: 1 } });
  });
});

describe('a request is refused as a whole, with nothing bought, when a representation', () => {
  test.each<[string, unknown]>([
    ['has an unknown type', { __typename: 'Campaign', id: '7' }],
    ['has a type of ours that is no entity', { __typename: 'LinkIndex' }],
    ['is of the root', { __typename: 'Query' }],
    ['has a type named like what every object has', { __typename: 'constructor' }],
    ['has no type', { id: '7' }],
    ['has a type that is no text', { __typename: ['Kol'], id: '7' }],
    ['is a text', 'Kol'],
    ['is a number', 7],
    ['is a list', [kol('7')]],
    ['is null', null],
  ])('%s', async (_, foreign) => {
    await using upstream = await startScriptedUpstream(failsIfNamedSo);
    await using gateway = await startTestGateway({ upstream });
    for (const representations of [
      [kol('failing'), foreign],
      [foreign, kol('failing')],
    ]) {
      const result = await askEntities(gateway, representations);
      expect(result).toMatchObject(REFUSED);
      expect(result).not.toHaveProperty('data');
    }
    expect(upstream.calls).toHaveLength(0);
    // Were a read orphaned by the refusal, its failure would end the process.
    expect((await gateway.query(IDS_ONLY, { ids: ['1'] })).data).toEqual({ kols: [{ id: '1' }] });
    expect(gateway.logText()).not.toContain('"level":"error"');
  });

  test.each([
    ['the query itself', '{ _entities(representations: [{ __typename: "Kol", id: "1" }, { id: "2" }]) { ...Stars } }'],
    ['an alias', '{ kol(id: "1") { ...Stars } b: _entities(representations: { __typename: "No" }) { ...Stars } }'],
    ['a fragment', '{ ... on Query { _entities(representations: [{ __typename: "No" }]) { ...Stars } } }'],
    ['a deferred fragment', '{ ... @defer { _entities(representations: [{ __typename: "No" }]) { ...Stars } } }'],
  ])('of another type stands in %s', async (_, query) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const body = { query: `${query} fragment Stars on Kol { linkIndex { star { value } } }` };
    const response = await gateway.post(body, { headers: { accept: 'multipart/mixed, application/json' } });
    expect(await response.text()).toContain('A representation that is none of a Kol');
    expect(upstream.calls).toHaveLength(0);
  });
});

describe('representations are counted', () => {
  test('distinct KOLs up to the limit, and ten times as many elements', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    expect(await askEntities(gateway, kols(51))).toMatchObject({
      errors: [{ message: expect.stringContaining('more than 50 distinct KOLs'), extensions: BAD_INPUT }],
    });
    const same = (count: number) => Array.from({ length: count }, () => kol('7'));
    expect(await askEntities(gateway, same(501))).toMatchObject({
      errors: [{ message: expect.stringContaining('501 KOL ids: expected at most 500'), extensions: BAD_INPUT }],
    });
    expect(upstream.calls).toHaveLength(0);
    expect((await askEntities(gateway, same(500))).data?._entities).toHaveLength(500);
    expect(upstream.calls).toHaveLength(1);
    expect((await askEntities(gateway, kols(50))).data?._entities).toHaveLength(50);
    expect(upstream.calls).toHaveLength(51);
  });

  test('thousands of them buy nothing', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    expect(await askEntities(gateway, kols(2000))).toMatchObject(REFUSED);
    expect(await askEntities(gateway, kols(5000))).toMatchObject({
      httpStatus: 413,
      errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }],
    });
    expect(upstream.calls).toHaveLength(0);
  });

  test.each([
    ['two lists of them', 'b: _entities(representations: [{ __typename: "Kol", id: "x" }]) { ...Id }'],
    ['a list of them and kols', 'kols(ids: ["x", "y"]) { ...Id }'],
    ['a list of them and kol', 'kol(id: "x") { ...Id }'],
  ])('together: %s', async (_, more) => {
    await using gateway = await startTestGateway({ env: { MAX_KOLS_PER_REQUEST: '2' } });
    const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ...Id } ${more} }
      fragment Id on Kol { id }`;
    expect(await askEntities(gateway, [kol('y')], { query })).not.toHaveProperty('errors');
    expect(await askEntities(gateway, [kol('y'), kol('z')], { query })).toMatchObject(REFUSED);
  });

  test.each([
    ['two fragments', '... on Kol { linkIndex { ...At } } ...Games'],
    ['fragments on the union', '... on _Entity { ... on Kol { linkIndex { ...At } ...Games } }'],
    ['a deferred fragment', '... on Kol { linkIndex { ...At } ...Games @defer }'],
  ])('per industry, in %s', async (_, selection) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { MAX_KOLS_PER_REQUEST: '2' } });
    const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }
      fragment Games on Kol { games: linkIndex(industryTag: "GAMES") { ...At } }
      fragment At on LinkIndex { fetchedAt }`;
    const headers = { accept: 'multipart/mixed, application/json' };
    const textFor = async (count: number) =>
      (await gateway.post({ query, variables: { representations: kols(count) } }, { headers })).text();
    expect(await textFor(2)).toContain('more than 2 distinct pairs of KOL and industry');
    expect(upstream.calls).toHaveLength(0);
    expect(await textFor(1)).not.toContain('"errors"');
    expect(upstream.calls).toHaveLength(2);
  });
});
