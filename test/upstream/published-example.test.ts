import { describe, expect, test } from 'vitest';
import { decodeEnvelope } from '../../src/upstream/envelope.ts';
import { compareExample } from '../../src/upstream/published-example.ts';
import { ECHO } from '../support/raw-responses.ts';
import { envelopeFor } from '../support/scripted-upstream.ts';
import { exampleEnvelope } from '../support/vendor-account.ts';

const BLOCKS = [
  'cooperate_index',
  'cp_index',
  'link_convert_index',
  'link_shopping_index',
  'link_spread_index',
  'link_star_index',
];
const MEMBERS = ['value', 'avg_value', 'link_relative_ratio', 'rank', 'rank_percent'];

type Example = { code?: unknown; data?: unknown };
type Data = Record<string, Record<string, unknown>>;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const compare = (body: string, httpStatus = 200) => compareExample({ httpStatus, body: bytesOf(body) });

/** The gaps of an example that was changed. */
function gapsAfter(change: (data: Data, example: Example) => void) {
  const example = structuredClone(envelopeFor('7')) as Example;
  change(example.data as Data, example);
  const comparison = compare(exampleEnvelope(example));
  return comparison.kind === 'compared' ? comparison.gaps : comparison.reason;
}

/** How many of the thirty scores a real answer of this form has. */
function scoresIn(example: Example): number {
  const decoded = decodeEnvelope(200, bytesOf(JSON.stringify(example)));
  if (decoded.kind !== 'answer') return 0;
  return Object.values(decoded.scores)
    .flatMap((score) => Object.values(score ?? {}))
    .filter((value) => value !== null).length;
}

describe('the published example', () => {
  test('that has all that is read has no gap, and tells its age and origin', () => {
    const whole = { kind: 'compared', gaps: [], checkedAt: '2026-08-29T17:02:03.000Z', isSynthetic: false };
    expect(compare(exampleEnvelope())).toEqual(whole);
    const madeUp = { synthetic: true, checkedAt: ECHO, more: ECHO };
    expect(compare(exampleEnvelope(undefined, madeUp))).toEqual({ ...whole, checkedAt: undefined, isSynthetic: true });
    expect(scoresIn(envelopeFor('7'))).toBe(30);
  });

  test.each(BLOCKS.flatMap((block) => MEMBERS.map((member) => [block, member])))(
    'names data.%s.%s where it is gone, which is one score less of a real answer',
    (block = '', member = '') => {
      const without = (data: Data) => void delete data[block]?.[member];
      expect(gapsAfter(without)).toEqual([{ path: `data.${block}.${member}`, form: 'missing' }]);
      const example = structuredClone(envelopeFor('7'));
      without(example.data as Data);
      expect(scoresIn(example)).toBe(29);
    },
  );

  test.each(BLOCKS)('names data.%s where the whole block is gone', (block) => {
    expect(gapsAfter((data) => void delete data[block])).toEqual([{ path: `data.${block}`, form: 'missing' }]);
  });

  test.each<[string, unknown, string]>([
    ['rank', '1.5', 'a string'],
    ['rank', 2 ** 31, 'a number'],
    ['rank', null, 'null'],
    ['value', ECHO, 'a string'],
    ['rank_percent', true, 'a boolean'],
    ['avg_value', [1], 'a list'],
    ['link_relative_ratio', { ECHO }, 'an object'],
  ])('names %s where its form means nothing, without its content: %j', (member, value, form) => {
    const gaps = gapsAfter((data) => Object.assign(data['cp_index'] as object, { [member]: value }));
    expect(gaps).toEqual([{ path: `data.cp_index.${member}`, form }]);
  });

  test('of a KOL that is not ranked has no gap', () => {
    expect(gapsAfter((data) => Object.assign(data['cp_index'] as object, { rank: '-1', rank_percent: -1 }))).toEqual(
      [],
    );
  });

  test.each<[string, (data: Data, example: Example) => void, object[]]>([
    ['code', (_, example) => void delete example.code, [{ path: 'code', form: 'missing' }]],
    ['code', (_, example) => Object.assign(example, { code: '0' }), [{ path: 'code', form: 'a string' }]],
    ['data', (_, example) => void delete example.data, [{ path: 'data', form: 'missing' }]],
    ['data', (_, example) => Object.assign(example, { data: [ECHO] }), [{ path: 'data', form: 'a list' }]],
    [
      'the second status',
      (data) => Object.assign(data, { base_resp: { status_code: 5 } }),
      [{ path: 'data.base_resp.status_code', form: 'not 0' }],
    ],
    ['nothing, without the second status', (data) => void delete data['base_resp'], []],
  ])('names %s', (_, change, gaps) => {
    expect(gapsAfter(change)).toEqual(gaps);
  });

  test.each<[string, string, number, string]>([
    ['no example', exampleEnvelope(null), 200, 'data.example null'],
    ['an example in text', exampleEnvelope(ECHO), 200, 'data.example a string'],
    ['the example of a failure', exampleEnvelope({ code: 301 }), 200, 'data.example of code 301'],
    ['a failure', JSON.stringify({ code: 400, message: ECHO }), 200, 'code 400 under HTTP status 200'],
    ['no route', 'Not Found', 404, 'HTTP status 404 without the documented envelope'],
    ['a page', `<p>${ECHO}</p>`, 200, 'HTTP status 200 without the documented envelope'],
  ])('could not be read: %s', (_, body, httpStatus, came) => {
    const reason = `expected code 0 with data.example, an envelope of code 0; got ${came}`;
    expect(compare(body, httpStatus)).toEqual({ kind: 'unreadable', reason });
  });
});
