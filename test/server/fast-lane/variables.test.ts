import fc from 'fast-check';
import { getOperationAST, getVariableValues, parse } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { schema } from '../../../src/schema/schema.ts';
import { variablesCoercer } from '../../../src/server/fast-lane/arguments.ts';
import { NotPlannable } from '../../../src/server/fast-lane/selection.ts';
import { answers, type ScriptedUpstream, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';
import { lane } from './counted-lane.ts';
import { type Received, type Sent, send } from './requests.ts';

vi.mock('../../../src/server/fast-lane/fast-lane.ts', async (load) =>
  (await import('./counted-lane.ts')).withCounts(load),
);

let upstream: ScriptedUpstream;
let withLane: TestGateway;
let without: TestGateway;

beforeAll(async () => {
  upstream = await startScriptedUpstream(answers);
  withLane = await startTestGateway({ upstream });
  without = await startTestGateway({ upstream, env: { FAST_LANE: 'false' } });
});

afterAll(async () => {
  for (const each of [withLane, without, upstream]) await each[Symbol.asyncDispose]();
});

const NOTHING = { answered: 0, ready: 0, read: 0, handedOver: 0 };
beforeEach(() => void Object.assign(lane, NOTHING));

interface Body {
  readonly query: string;
  readonly variables?: unknown;
  readonly operationName?: string;
}

async function ask(gateway: TestGateway, body: Body): Promise<Received> {
  const headers = { 'content-type': 'application/json', 'x-request-id': 'same' };
  const request: Sent = { method: 'POST', path: '/graphql', headers, body: JSON.stringify(body) };
  return send(gateway.origin, request);
}

/** Yoga answers first, from which the lane learns; then the lane does. */
async function learn(body: Body): Promise<void> {
  for (let time = 0; time < 2; time += 1) expect(await ask(withLane, body)).toMatchObject({ status: 200 });
  expect(lane.answered, 'the lane has a plan').toBeGreaterThan(0);
  Object.assign(lane, NOTHING);
}

const TAGGED = 'query($id:ID!,$tag:String!){kol(id:$id){linkIndex(industryTag:$tag){star{rank}}}}';
const CACHED = 'query($id:ID!,$cache:Boolean!){kol(id:$id){linkIndex(acceptCache:$cache){star{rank}}}}';
const SKIPPED = `query($id:ID!,$skip:Boolean!,$tag:String!,$ids:[ID!]!){
  kol(id:$id){linkIndex{star{rank}} other:linkIndex(industryTag:$tag) @skip(if:$skip){star{rank}}}
  kols(ids:$ids) @skip(if:$skip){id}
}`;
const NAMED = 'query Q($id:ID!){kol(id:$id){linkIndex{star{rank}}}}';

describe('what the declared types refuse is refused with a plan as without one, and nothing is bought', () => {
  test.each<[string, Body, Body]>([
    ['a String! is left out', { query: TAGGED, variables: { tag: 'beauty' } }, { query: TAGGED, variables: {} }],
    ['a String! is null', { query: TAGGED, variables: { tag: 'beauty' } }, { query: TAGGED, variables: { tag: null } }],
    ['a String! is a boolean', { query: TAGGED, variables: { tag: '' } }, { query: TAGGED, variables: { tag: true } }],
    ['a String! is a list', { query: TAGGED, variables: { tag: '' } }, { query: TAGGED, variables: { tag: ['a'] } }],
    ['a Boolean! is left out', { query: CACHED, variables: { cache: true } }, { query: CACHED, variables: {} }],
    [
      'a Boolean! is a text',
      { query: CACHED, variables: { cache: true } },
      { query: CACHED, variables: { cache: 'true' } },
    ],
    ...[
      { tag: null },
      { tag: undefined },
      { tag: false },
      { tag: ['a'] },
      { ids: null },
      { ids: undefined },
      { ids: false },
      { skip: 'true' },
    ].map((wrong): [string, Body, Body] => {
      const variables = { tag: 'beauty', ids: ['1'], skip: true };
      const what = `${JSON.stringify(wrong, (_, value) => value ?? `${value}`)} is for a skipped part`;
      return [what, { query: SKIPPED, variables }, { query: SKIPPED, variables: { ...variables, ...wrong } }];
    }),
    ['no operation has the name *', { query: NAMED }, { query: NAMED, operationName: '*' }],
  ])('%s', async (what, good, bad) => {
    const newId = `new-${what}`.replace(/\W/g, '-').slice(0, 60);
    const of = (body: Body, id: string) => ({ ...body, variables: { id, ...(body.variables as object) } });
    await learn(of(good, '1'));
    const callsBefore = upstream.calls.length;
    const expected = await ask(without, of(bad, newId));
    expect(JSON.parse(expected.body)).toMatchObject({ errors: [{}] });
    expect(await ask(withLane, of(bad, newId))).toEqual(expected);
    expect(upstream.calls.length - callsBefore).toBe(0);
    expect(lane).toMatchObject({ answered: 0, read: 0 });
  });
});

const SCALARS: Readonly<Record<string, readonly string[]>> = {
  ID: ['"7"', '7', '""'],
  String: ['"a"', '""'],
  Boolean: ['true', 'false'],
  Int: ['0', '-7'],
  Float: ['1.5', '2'],
};

/** A type, and default values for it. */
interface Declared {
  readonly type: string;
  readonly literals: readonly string[];
}

const scalarType: fc.Arbitrary<Declared> = fc.constantFrom(
  ...Object.entries(SCALARS).map(([type, literals]) => ({ type, literals })),
);
const listOf = ({ type, literals }: Declared): Declared => ({
  type: `[${type}]`,
  // One value stands for a list of one; null does not, and a list is the outer one.
  literals: ['[]', `[${literals.join(', ')}]`, ...literals.filter((literal) => !/^(null|\[.*)$/.test(literal))],
});
const nonNull = ({ type, literals }: Declared): Declared => ({ type: `${type}!`, literals });
const nullable = ({ type, literals }: Declared): Declared => ({ type, literals: [...literals, 'null'] });
const inputType = fc
  .tuple(scalarType, fc.array(fc.constantFrom(nonNull, nullable), { minLength: 3, maxLength: 3 }), fc.nat(2))
  .map(([scalar, [first, second, third], lists]) => {
    let type = first?.(scalar) as Declared;
    for (const wrap of [second, third].slice(0, lists)) type = wrap?.(listOf(type)) as Declared;
    return type;
  });

const NAMES = ['a', 'b', 'c', 'more', 'toString', '__proto__'];
const definition = fc.tuple(inputType, fc.nat(9)).map(([{ type, literals }, choice]) => {
  const literal = literals[choice];
  return literal === undefined ? type : `${type} = ${literal}`;
});
const scalarValue = fc.oneof(
  fc.constantFrom<unknown>('7', 'a', '', 7, 1.5, 2 ** 31, 2 ** 60, true, false, null, {}, { a: 1 }),
  fc.string(),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalarValue, fc.array(tie('value'), { maxLength: 3 })),
}));

test("variables are coerced as by graphql's own function, or not at all where it refuses them", () => {
  let coercions = 0;
  const property = fc.property(
    fc.array(definition, { minLength: 1, maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), value),
    (types, values) => {
      const declared = types.map((type, index) => `$${NAMES[index]}: ${type}`).join(', ');
      const { variableDefinitions } = getOperationAST(parse(`query(${declared}) { __typename }`)) ?? {};
      // From JSON, as they come: with a key like `__proto__` as any other.
      const sent = JSON.parse(JSON.stringify(values));
      const { coerced } = getVariableValues(schema, variableDefinitions ?? [], sent);
      coercions += Number(coerced !== undefined);
      expect(variablesCoercer(variableDefinitions)(sent)).toEqual(coerced);
    },
  );
  fc.assert(property, { numRuns: 2000 });
  expect(coercions).toBeGreaterThan(200);
});

test.each([
  ['a type that is none of ours', 'query($a: Unknown) { __typename }'],
  ['a type that is no input', 'query($a: Kol) { __typename }'],
  ['a directive', 'query($a: ID @odd) { __typename }'],
  ['a name that every object has', 'query($toString: ID) { __typename }'],
])('a variable with %s is left to yoga', (_, text) => {
  const { variableDefinitions } = getOperationAST(parse(text)) ?? {};
  expect(() => variablesCoercer(variableDefinitions)).toThrow(NotPlannable);
});
