import { describe, expect, test } from 'vitest';
import type { IndexName, IndexScore } from '../../src/domain/link-index.ts';
import { readNumber, readScores } from '../../src/upstream/index-scores.ts';

const BLOCK = { avg_value: 56.48, link_relative_ratio: -0.0191, rank: '44031', rank_percent: 0.0054, value: 71.41 };
const SCORE: IndexScore = {
  avgValue: 56.48,
  linkRelativeRatio: -0.0191,
  rank: 44031,
  rankPercent: 0.0054,
  value: 71.41,
};

const BLOCK_NAMES: readonly [string, IndexName][] = [
  ['cooperate_index', 'cooperate'],
  ['cp_index', 'cp'],
  ['link_convert_index', 'convert'],
  ['link_shopping_index', 'shopping'],
  ['link_spread_index', 'spread'],
  ['link_star_index', 'star'],
];
const ALL_BLOCKS = Object.fromEntries(BLOCK_NAMES.map(([name]) => [name, BLOCK]));
const ALL_SCORES = Object.fromEntries(BLOCK_NAMES.map(([, name]) => [name, SCORE]));
const NO_SCORES = Object.fromEntries(BLOCK_NAMES.map(([, name]) => [name, null]));

/** What means nothing, whatever member it is found in. */
const JUNK: readonly [string, unknown][] = [
  ['missing', undefined],
  ['null', null],
  ['true', true],
  ['an empty string', ''],
  ['a word', 'n/a'],
  ['the word NaN', 'NaN'],
  ['the word Infinity', 'Infinity'],
  ['not a number', Number.NaN],
  ['infinite', Number.POSITIVE_INFINITY],
  ['negatively infinite', Number.NEGATIVE_INFINITY],
  ['digits beyond the finite', '9'.repeat(400)],
  ['white space around a number', ' 5'],
  ['a number and a line end', '5\n'],
  ['a number with a unit', '5%'],
  ['a number with separators', '1,000'],
  ['hexadecimal', '0x10'],
  ['an exponent in a string', '1e3'],
  ['a number with a plus sign', '+5'],
  ['a point without digits before it', '.5'],
  ['a point without digits after it', '5.'],
  ['a list', [5]],
  ['an object', { value: 5 }],
];

function starOf(members: object): IndexScore | null | undefined {
  return readScores({ link_star_index: { ...BLOCK, ...members } })?.star;
}

describe('a member', () => {
  test.each<[unknown, number]>([
    [0, 0],
    [75.67, 75.67],
    [-0.0738, -0.0738],
    ['75.67', 75.67],
    ['-0.0738', -0.0738],
    ['0', 0],
    ['0075', 75],
  ])('is read from the number or decimal string %j', (given, expected) => {
    expect(readNumber(given)).toBe(expected);
  });

  test.each(JUNK)('is null when it is %s', (_, given) => {
    expect(readNumber(given)).toBeNull();
  });

  test.each<[string, keyof IndexScore]>([
    ['value', 'value'],
    ['avg_value', 'avgValue'],
    ['link_relative_ratio', 'linkRelativeRatio'],
    ['rank', 'rank'],
    ['rank_percent', 'rankPercent'],
  ])('%s that means nothing is null by itself', (member, field) => {
    const read = JUNK.map(([, given]) => starOf({ [member]: given }));
    expect(read).toEqual(JUNK.map(() => ({ ...SCORE, [field]: null })));
  });

  test.each(['value', 'avg_value', 'link_relative_ratio', 'rank', 'rank_percent'])(
    '%s may be a decimal string',
    (member) => {
      const given = { ...BLOCK, [member]: String(BLOCK[member as keyof typeof BLOCK]) };
      expect(starOf(given)).toEqual(SCORE);
    },
  );
});

describe('a rank', () => {
  test.each<[unknown, number]>([
    ['144843', 144843],
    [144843, 144843],
    [1, 1],
    ['1', 1],
    [2 ** 31 - 1, 2147483647],
    ['2147483647', 2147483647],
  ])('is an integer from 1 that fits 31 bits: %j', (given, expected) => {
    expect(starOf({ rank: given })).toEqual({ ...SCORE, rank: expected });
  });

  test.each([0, '0', -1, '-1', 1.5, '1.5', 2 ** 31, '2147483648', '99999999999999999999', 1e300])(
    'is null for %j, and the other members stay',
    (given) => {
      expect(starOf({ rank: given })).toEqual({ ...SCORE, rank: null });
    },
  );
});

describe('a rank percent', () => {
  test.each([-1, '-1', -0.0001, Number.MIN_SAFE_INTEGER])('that is negative means "not ranked": %j', (given) => {
    expect(starOf({ rank_percent: given })?.rankPercent).toBeNull();
  });

  test.each([0, 0.0179, 1])('that is not negative stays: %d', (given) => {
    expect(starOf({ rank_percent: given })?.rankPercent).toBe(given);
  });
});

test('a negative value, mean or change is a number like any other', () => {
  expect(starOf({ value: -1, avg_value: '-2.5', link_relative_ratio: -3 })).toEqual({
    ...SCORE,
    value: -1,
    avgValue: -2.5,
    linkRelativeRatio: -3,
  });
});

describe('the six blocks', () => {
  test('are all read, and nothing else is', () => {
    expect(readScores({ ...ALL_BLOCKS, base_resp: BLOCK, link_other_index: BLOCK })).toEqual(ALL_SCORES);
  });

  test.each(BLOCK_NAMES)('%s alone gives %s alone', (blockName, name) => {
    expect(readScores({ [blockName]: BLOCK })).toEqual({ ...NO_SCORES, [name]: SCORE });
  });

  test.each(BLOCK_NAMES)('%s that is junk makes %s null and harms no other', (blockName, name) => {
    const junk: unknown[] = [undefined, null, true, 0, 71.41, '', 'junk', [], [BLOCK]];
    const read = junk.map((block) => readScores({ ...ALL_BLOCKS, [blockName]: block }));
    expect(read).toEqual(junk.map(() => ({ ...ALL_SCORES, [name]: null })));
  });

  test('without a single one there is nothing', () => {
    expect(readScores({})).toBeNull();
    expect(readScores({ base_resp: {}, cp_index: null, link_star_index: [] })).toBeNull();
  });

  test('are not looked for beyond the own members of the data', () => {
    expect(readScores(JSON.parse('{"__proto__":{"link_star_index":{"value":1}}}'))).toBeNull();
  });
});
