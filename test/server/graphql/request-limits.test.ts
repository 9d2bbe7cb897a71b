import fc from 'fast-check';
import { getVariableValues, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../../src/schema/schema.ts';
import { analyseOperation } from '../../../src/server/graphql/document-analysis.ts';
import type { OperationCheck } from '../../../src/server/graphql/operation-checks.ts';
import { limitKols, refuseRoundedIds } from '../../../src/server/graphql/request-limits.ts';
import { STARS_OF } from '../../operations.ts';
import { answers, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startTestGateway } from '../../support/test-gateway.ts';

const MAX_KOLS = 3;

type Sent = Record<string, unknown>;

function runCheck(check: OperationCheck, query: string, sentVariables: Sent = {}, operationName?: string) {
  const operation = analyseOperation(parse(query), operationName);
  const { coerced } = getVariableValues(schema, operation?.node.variableDefinitions ?? [], sentVariables);
  if (!operation || !coerced) return undefined;
  return check({ schema, operation, sentVariables, variables: coerced, call: undefined as never });
}

/** The message of the refusal, or undefined where the request may run. */
function refusalOf(query: string, variables?: Sent, operationName?: string): string | undefined {
  const refusal = runCheck(limitKols(MAX_KOLS), query, variables, operationName);
  if (refusal) expect(refusal.extensions).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
  return refusal?.message;
}

const MANY_KOLS = /more than 3 distinct KOLs: expected at most 3 \(MAX_KOLS_PER_REQUEST\)/;
const MANY_PAIRS = /more than 3 distinct pairs of KOL and industry: expected at most 3/;
const KOLS = 'query($ids: [ID!]!) { kols(ids: $ids) { id } }';

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `kol-${index}`);
}

describe('distinct KOLs are counted', () => {
  test('in a list', () => {
    expect(refusalOf(KOLS, { ids: idsOf(3) })).toBeUndefined();
    expect(refusalOf(KOLS, { ids: idsOf(4) })).toMatch(MANY_KOLS);
    expect(refusalOf('{ kols(ids: ["1", "2", "3"]) { id } }')).toBeUndefined();
    expect(refusalOf('{ kols(ids: ["1", "2", "3", "4"]) { id } }')).toMatch(MANY_KOLS);
  });

  test('over aliases', () => {
    expect(refusalOf('{ a: kol(id: 1) { id } b: kol(id: 2) { id } c: kol(id: 3) { id } }')).toBeUndefined();
    expect(refusalOf('{ a: kol(id: 1) { id } b: kol(id: 2) { id } c: kol(id: 3) { id } kol(id: 4) { id } }')).toMatch(
      MANY_KOLS,
    );
    expect(refusalOf('{ a: kols(ids: [1, 2]) { id } b: kols(ids: [3, 4]) { id } }')).toMatch(MANY_KOLS);
    expect(refusalOf('{ kols(ids: [1, 2, 3]) { id } kol(id: 4) { __typename } }')).toMatch(MANY_KOLS);
  });

  test('in fragments: named, inline and nested', () => {
    const others = 'a: kol(id: 1) { id } b: kol(id: 2) { id }';
    expect(refusalOf(`{ ${others} ...F } fragment F on Query { kols(ids: [3, 4]) { id } }`)).toMatch(MANY_KOLS);
    expect(refusalOf(`{ ${others} ... on Query { kols(ids: [3, 4]) { id } } }`)).toMatch(MANY_KOLS);
    expect(refusalOf(`{ ${others} ... { kols(ids: [3, 4]) { id } } }`)).toMatch(MANY_KOLS);
    expect(
      refusalOf(
        `{ ${others} ...F } fragment F on Query { ... { ...G } } fragment G on Query { kols(ids: [3, 4]) { id } }`,
      ),
    ).toMatch(MANY_KOLS);
    expect(refusalOf(`{ ${others} ...F ...F } fragment F on Query { c: kol(id: 3) { id } }`)).toBeUndefined();
    expect(refusalOf(`{ ${others} ... @defer { kols(ids: [3, 4]) { id } } }`)).toMatch(MANY_KOLS);
  });

  test('in variables and their defaults', () => {
    const query =
      'query($a: ID!, $b: ID! = "2", $rest: [ID!] = ["3"]) { x: kol(id: $a) { id } y: kol(id: $b) { id } kols(ids: $rest) { id } }';
    expect(refusalOf(query, { a: '1' })).toBeUndefined();
    expect(refusalOf(query, { a: '1', rest: ['3', '4'] })).toMatch(MANY_KOLS);
    expect(refusalOf(query, { a: '1', b: '1', rest: ['3', '4'] })).toBeUndefined();
    expect(refusalOf(query, { a: '1', rest: '3' })).toBeUndefined();
  });

  test('once each, in whatever form an id comes', () => {
    expect(refusalOf(KOLS, { ids: ['1', '1', 1, '2', '3', '3'] })).toBeUndefined();
    expect(refusalOf('{ a: kol(id: 1) { id } b: kol(id: "1") { id } kols(ids: ["1", 2, 3]) { id } }')).toBeUndefined();
  });

  test('only where they are not skipped', () => {
    const query =
      'query($on: Boolean!, $off: Boolean!) { kols(ids: [1, 2, 3]) { id } SELECTION } fragment F on Query { kol(id: 4) { id } }';
    for (const [selection, on] of [
      ['kol(id: 4) @include(if: $on) { id }', { on: true, off: false }],
      ['kol(id: 4) @skip(if: $off) { id }', { on: true, off: false }],
      ['...F @include(if: $on)', { on: true, off: false }],
      ['... @skip(if: $off) { kol(id: 4) { id } }', { on: true, off: false }],
    ] as const) {
      const whole = query.replace('SELECTION', selection);
      expect(refusalOf(whole, on)).toMatch(MANY_KOLS);
      expect(refusalOf(whole, { on: false, off: true })).toBeUndefined();
    }
  });

  test('in a fragment that is skipped where it is spread first', () => {
    const query =
      'query($on: Boolean!) { ...F @include(if: $on) ...F } fragment F on Query { kols(ids: [1, 2, 3, 4]) { id } }';
    for (const on of [true, false]) expect(refusalOf(query, { on })).toMatch(MANY_KOLS);
  });

  test('in the operation that runs, and in no other', () => {
    const query = 'query Many { kols(ids: [1, 2, 3, 4]) { id } } query Few { kol(id: 1) { id } }';
    expect(refusalOf(query, {}, 'Few')).toBeUndefined();
    expect(refusalOf(query, {}, 'Many')).toMatch(MANY_KOLS);
    expect(refusalOf(query, {}, 'Neither')).toBeUndefined();
  });

  test('however they are spread over lists and aliases', () => {
    const id = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(fc.array(id, { maxLength: 8 }), fc.array(id, { maxLength: 8 }), (listed, aliased) => {
        const aliases = aliased.map((number, index) => `a${index}: kol(id: ${number}) { id }`);
        const isOver = new Set([...listed, ...aliased]).size > MAX_KOLS;
        const refusal = refusalOf(`query($ids: [ID!]!) { kols(ids: $ids) { id } ${aliases.join(' ')} }`, {
          ids: listed,
        });
        expect(refusal !== undefined).toBe(isOver);
      }),
    );
  });
});

describe('distinct pairs of KOL and industry are counted', () => {
  const tagged = (...tags: string[]) =>
    tags.map((tag, index) => `t${index}: linkIndex(industryTag: ${tag}) { fetchedAt }`).join(' ');

  test('for one KOL under several tags', () => {
    expect(refusalOf(`{ kol(id: 1) { ${tagged('"A"', '"B"', '"C"')} } }`)).toBeUndefined();
    expect(refusalOf(`{ kol(id: 1) { ${tagged('"A"', '"B"', '"C"', '"D"')} } }`)).toMatch(MANY_PAIRS);
  });

  test('for several KOLs under the same tags', () => {
    expect(refusalOf(`{ kols(ids: [1, 2, 3]) { ${tagged('"A"')} } }`)).toBeUndefined();
    expect(refusalOf(`{ kols(ids: [1, 2]) { ${tagged('"A"', '"B"')} } }`)).toMatch(MANY_PAIRS);
    expect(
      refusalOf(`{ a: kols(ids: [1, 2]) { ${tagged('"A"')} } b: kols(ids: [2, 1]) { ${tagged('"B"')} } }`),
    ).toMatch(MANY_PAIRS);
  });

  test('with an omitted, a null and an empty tag as one, and tags told apart by case', () => {
    expect(refusalOf(`{ kols(ids: [1, 2, 3]) { linkIndex { fetchedAt } ${tagged('null', '""')} } }`)).toBeUndefined();
    expect(refusalOf(`{ kols(ids: [1, 2]) { ${tagged('"a"', '"A"')} } }`)).toMatch(MANY_PAIRS);
  });

  test('once each, forced or not', () => {
    const query = `{ kols(ids: [1, 2, 3]) { a: linkIndex { fetchedAt } b: linkIndex(acceptCache: false) { fetchedAt } } }`;
    expect(refusalOf(query)).toBeUndefined();
  });

  test('in variables, and not where they are skipped', () => {
    const query =
      'query($tag: String = "A", $on: Boolean!) { kols(ids: [1, 2]) { a: linkIndex(industryTag: $tag) { fetchedAt } b: linkIndex(industryTag: "A") @include(if: $on) { fetchedAt } } }';
    expect(refusalOf(query, { on: true })).toBeUndefined();
    expect(refusalOf(query, { on: true, tag: 'B' })).toMatch(MANY_PAIRS);
    expect(refusalOf(query, { on: false, tag: 'B' })).toBeUndefined();
    expect(refusalOf(query, { on: true, tag: null })).toMatch(MANY_PAIRS);
  });

  test('in fragments on Kol: named, inline, nested and deferred', () => {
    const two = tagged('"A"', '"B"');
    expect(refusalOf(`{ kols(ids: [1, 2]) { ...F } } fragment F on Kol { ${two} }`)).toMatch(MANY_PAIRS);
    expect(refusalOf(`{ kols(ids: [1, 2]) { ... { ... on Kol { ${two} } } } }`)).toMatch(MANY_PAIRS);
    expect(refusalOf(`{ kols(ids: [1, 2]) { ...F } } fragment F on Kol { ...G } fragment G on Kol { ${two} }`)).toMatch(
      MANY_PAIRS,
    );
    expect(refusalOf(`{ kols(ids: [1, 2]) { ... @defer { ${two} } } }`)).toMatch(MANY_PAIRS);
  });

  test('over fields that GraphQL merges into one', () => {
    expect(
      refusalOf(
        `{ kols(ids: [1, 2]) { ${tagged('"A"')} } kols(ids: [1, 2]) { b: linkIndex(industryTag: "B") { fetchedAt } } }`,
      ),
    ).toMatch(MANY_PAIRS);
    expect(
      refusalOf(`{ kols(ids: [1, 2, 3]) { ${tagged('"A"')} } kols(ids: [1, 2, 3]) { id ${tagged('"A"')} } }`),
    ).toBeUndefined();
  });
});

test('a list may repeat itself up to ten times the limit', () => {
  const repeated = (count: number) => ({ ids: Array.from({ length: count }, () => '1') });
  expect(refusalOf(KOLS, repeated(30))).toBeUndefined();
  expect(refusalOf(KOLS, repeated(31))).toBe('A list of 31 KOL ids: expected at most 30, duplicates included.');
});

test('values that GraphQL itself refuses are left to it', () => {
  expect(refusalOf(KOLS, {})).toBeUndefined();
  expect(refusalOf(KOLS, { ids: [{}, null] })).toBeUndefined();
  expect(refusalOf('query($ids: [ID!] = ["1"]) { kols(ids: $ids) { id } }', { ids: null })).toBeUndefined();
  expect(refusalOf('{ __schema { queryType { name } } __typename }')).toBeUndefined();
});

describe('an id given as a number', () => {
  const roundedIdRefusal = (variables: Sent) => runCheck(refuseRoundedIds, '{ __typename }', variables);

  test('is refused beyond 2^53, where JSON has already rounded it', () => {
    for (const id of [2 ** 53, -(2 ** 53), 1e20, JSON.parse('6894563274238574606') as number]) {
      for (const variables of [{ id }, { ids: ['1', id] }, { other: 'x', id }]) {
        const refusal = roundedIdRefusal(variables);
        expect(refusal?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
        expect(refusal?.message).toMatch(
          /^Variable "\$ids?" holds a number beyond 2\^53.*: expected ids as strings\.$/,
        );
      }
    }
  });

  test('is fine where it is exact, and so is every string', () => {
    const exact = [2 ** 53 - 1, -(2 ** 53 - 1), 0, 1.5, '6894563274238574606', true, null, {}, []];
    for (const value of exact) expect(roundedIdRefusal({ value, values: [value] })).toBeUndefined();
    expect(roundedIdRefusal({ ids: exact })).toBeUndefined();
    expect(roundedIdRefusal({})).toBeUndefined();
  });
});

describe('through the gateway', () => {
  test('one KOL too many refuses the request as a whole, and nothing is bought', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { MAX_KOLS_PER_REQUEST: '3' } });

    const refused = await gateway.query(STARS_OF, { ids: idsOf(4) });
    expect(refused.errors).toMatchObject([
      { message: expect.stringMatching(MANY_KOLS), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(refused).not.toHaveProperty('data');
    expect(upstream.calls).toHaveLength(0);

    const allowed = await gateway.query(STARS_OF, { ids: [...idsOf(3), ...idsOf(3)] });
    expect(allowed.errors).toBeUndefined();
    expect(upstream.calls).toHaveLength(3);
  });

  test('51 aliases are one too many by default, also by GET', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const aliases = idsOf(51).map((id, index) => `a${index}: kol(id: "${id}") { linkIndex { fetchedAt } }`);
    const query = `{ ${aliases.join(' ')} }`;
    const url = `${gateway.origin}/graphql?query=${encodeURIComponent(query)}`;

    for (const response of [await gateway.post({ query }), await fetch(url)]) {
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    }
    expect(upstream.calls).toHaveLength(0);
  });

  test('a rounded id refuses the request as a whole, and nothing is bought', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    const body = `{"query":${JSON.stringify(STARS_OF.toString())},"variables":{"ids":["1",6894563274238574606]}}`;

    const response = await gateway.post(undefined, { body, headers: { accept: 'application/graphql-response+json' } });

    expect(response.status).toBe(400);
    const result = await response.json();
    expect(result).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(result).not.toHaveProperty('data');
    expect(upstream.calls).toHaveLength(0);
  });

  test('an id of 19 digits in the document itself is exact', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });

    await gateway.post({ query: '{ kol(id: 6894563274238574606) { linkIndex { fetchedAt } } }' });

    expect(upstream.calls.map(({ parameters }) => parameters.get('kolId'))).toEqual(['6894563274238574606']);
  });
});
