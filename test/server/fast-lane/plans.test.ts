import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createPlans } from '../../../src/server/fast-lane/plans.ts';
import { heldBytes } from '../../support/heap.ts';

const MOST_BYTES = 50_000_000;
const SCORES = '{ value avgValue linkRelativeRatio rank rankPercent }';
const INDEXES = ['cooperate', 'cp', 'convert', 'shopping', 'spread', 'star'].map((name) => name + SCORES).join(' ');

interface Asked {
  readonly text: string;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

function setUp() {
  const plans = createPlans(500);
  let parsed = { text: '', document: parse('{ a }') };
  const parseRequest = ({ text, operationName, variables = {} }: Asked) => ({
    ...{ text, operationName, variables, hash: undefined },
  });
  return {
    find: (asked: Asked) => plans.find(parseRequest(asked)),
    bytes: plans.bytes,
    learn(asked: Asked): void {
      // A text of its own each time, as from each request.
      if (asked.text !== parsed.text)
        parsed = { text: asked.text, document: parse(Buffer.from(asked.text).toString()) };
      plans.learn(parseRequest(asked), parsed.document);
    },
  };
}

const times = (count: number, textOf: (n: number) => string, between = ' ') =>
  Array.from({ length: count }, (_, n) => textOf(n)).join(between);

/** Documents of 10 kB with 120 operations that share a fragment, each in the 16 ways of four switches. */
function sharedFragment(n: number): Asked {
  const [way, operation, document] = [n % 16, Math.floor(n / 16) % 120, Math.floor(n / 16 / 120)];
  const fields = `id linkIndex @skip(if: $a) { ${INDEXES} } x: id @skip(if: $b) y: id @skip(if: $c) z: id @skip(if: $d)`;
  const declared = '$a: Boolean! $b: Boolean! $c: Boolean! $d: Boolean!';
  const operations = times(120, (each) => `query O${each}(${declared}) { kol(id: "1") { ...F } }`);
  return {
    text: `fragment F on Kol { ${fields} } ${operations} # ${document}`,
    operationName: `O${operation}`,
    variables: { a: (way & 1) > 0, b: (way & 2) > 0, c: (way & 4) > 0, d: (way & 8) > 0 },
  };
}

const LOADS: readonly (readonly [string, (n: number) => Asked])[] = [
  ['operations that share a fragment, in the 16 ways of four switches', sharedFragment],
  ['small documents', (n) => ({ text: `{ a${n}: __typename }` })],
  ['documents with every score', (n) => ({ text: `query Q${n} { kol(id: "1") { linkIndex { ${INDEXES} } } }` })],
  [
    'long names',
    (n) => ({ text: `query Q${n} { ${times(90, (each) => `${'a'.repeat(240)}${each}: kol(id: "1") { id }`)} }` }),
  ],
  [
    'many reads of one KOL',
    (n) => ({ text: `query Q${n} { kol(id: "1") { ${times(90, (each) => `a${each}: linkIndex { fetchedAt }`)} } }` }),
  ],
  [
    'lists in the document',
    (n) => ({ text: `query Q${n} { kols(ids: [${times(1000, (each) => `"${each}"`)}]) { id } }` }),
  ],
  [
    'many variables with default values',
    (n) => ({
      text: `query Q${n}(${times(90, (each) => `$v${each}: ID! = "${each}"`)}) { ${times(90, (each) => `a${each}: kol(id: $v${each}) { id }`)} }`,
    }),
  ],
  [
    'texts with escapes as default values',
    (n) => ({
      text: `query Q${n}($tag: String = "${'\\n'.repeat(2000)}") { kol(id: "1") { id linkIndex(industryTag: $tag) @skip(if: true) { fetchedAt } } }`,
    }),
  ],
  [
    'lists as default values',
    (n) => ({ text: `query Q${n}($ids: [ID!]! = [${times(1000, (each) => `"${each}"`)}]) { kols(ids: $ids) { id } }` }),
  ],
  [
    'what cannot be planned',
    (n) => ({ text: `query Q${n} { kol(id: "1") { linkIndex(acceptCache: false) { fetchedAt } } }` }),
  ],
];

describe('plans take no more memory than they are weighed', () => {
  test.each(LOADS)('%s', (_, asked) => {
    const { learn, bytes } = setUp();
    for (let n = 0; n < 3; n += 1) learn(asked(n));
    const [heldBefore, bytesBefore] = [heldBytes(), bytes()];
    for (let n = 3; n < 100; n += 1) learn(asked(n));
    const held = heldBytes() - heldBefore;
    const weighed = bytes() - bytesBefore;
    expect(weighed).toBeGreaterThan(100_000);
    expect(held).toBeLessThan(weighed);
  });

  test('and never more than 5 MB for one document, however many ways it is asked in', () => {
    const { learn, find, bytes } = setUp();
    const other = { text: '{ kol(id: "1") { id } }' };
    learn(other);
    const heldBefore = heldBytes();
    let most = 0;
    for (let n = 0; n < 16 * 120; n += 1) {
      learn(sharedFragment(n));
      most = Math.max(most, bytes());
    }
    expect(most).toBeGreaterThan(MOST_BYTES / 20);
    expect(most).toBeLessThanOrEqual(MOST_BYTES / 10 + 10_000);
    expect(heldBytes() - heldBefore).toBeLessThan(MOST_BYTES / 10);
    expect(find(sharedFragment(16 * 120 - 1)), 'the latest').toBeDefined();
    expect(find(sharedFragment(0)), 'the first').toBeUndefined();
    expect(find(other), 'another document').toBeDefined();
  });

  test('and never more than 50 MB for all', () => {
    const { learn, find, bytes } = setUp();
    const asked = (n: number) => ({
      text: `query Q${n} { ${times(9, (each) => `a${each}: kol(id: "1") { linkIndex { ${INDEXES} } }`)} }`,
    });
    for (let n = 0; n < 400; n += 1) learn(asked(n));
    expect(bytes()).toBeGreaterThan(MOST_BYTES * 0.9);
    expect(bytes()).toBeLessThanOrEqual(MOST_BYTES);
    expect([find(asked(0)), find(asked(399))]).toEqual([undefined, expect.anything()]);
  });
});

test.each([
  ['a field that plans do not know', '{ kol(id: "1") { id somethingNew { id } } }'],
  ['another directive', 'query @odd { kol(id: "1") { id } }'],
  ['a mutation', 'mutation { kol(id: "1") { id } }'],
  ['introspection that is skipped', '{ kol(id: "1") { id } __schema @skip(if: true) { description } }'],
  ['a router’s field that is skipped', '{ kol(id: "1") { id } ...@skip(if: true) { _service { sdl } } }'],
])('%s has no plan', (_, text) => {
  const { learn, find } = setUp();
  learn({ text });
  expect(find({ text })).toBeUndefined();
});

test('what another operation of its document asks for does not keep an operation from a plan', () => {
  const { learn, find } = setUp();
  const asked = { text: 'query A { kol(id: "1") { id } } query B { __schema { description } }', operationName: 'A' };
  learn(asked);
  expect(find(asked)).toBeDefined();
});
