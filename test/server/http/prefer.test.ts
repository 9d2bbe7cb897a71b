import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePreferences, readPreferences } from '../../../src/server/http/prefer.ts';
import { STAR_OF } from '../../operations.ts';
import { answers, type ScriptedUpstream, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

const MAX_MS = 70_000;

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcxyzABCXYZ";
const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 6 });
const space = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
/** Anything that a header can hold, with what has a meaning outside of quotes as often as the rest. */
const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...',;="\\ \t'), fc.constantFrom(...'ab~\u00e9\u00ff')),
  maxLength: 8,
});
/** A value, and one of the ways to write it. */
const word = fc.oneof(
  token.map((value) => ({ value, written: value })),
  fc.record({ value: text, escapes: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }) }).map(quoted),
);

function quoted({ value, escapes }: { value: string; escapes: boolean[] }) {
  const characters = [...value].map((each, index) => (/["\\]/.test(each) || escapes[index] ? `\\${each}` : each));
  return { value: value === '' ? undefined : value, written: `"${characters.join('')}"` };
}

const assigned = fc
  .record({ before: space, after: space, word: fc.option(word, { nil: { value: undefined, written: '' } }) })
  .map(({ before, after, word: { value, written } }) => ({ value, written: `${before}=${after}${written}` }));
const named = fc
  .record({ name: token, assignment: fc.option(assigned, { nil: { value: undefined, written: '' } }) })
  .map(({ name, assignment }) => ({ name, value: assignment.value, written: name + assignment.written }));
const parameters = fc
  .array(fc.record({ before: space, after: space, parameter: fc.option(named, { nil: { written: '' } }) }), {
    maxLength: 3,
  })
  .map((list) => list.map(({ before, after, parameter }) => `${before};${after}${parameter.written}`).join(''));
const preference = fc
  .record({ named, parameters })
  .map(({ named: { name, value, written }, parameters: more }) => ({ name, value, written: written + more }));
/** Not by the grammar, and whole as far as quotes go. */
const malformed = fc
  .constantFrom(
    '',
    'a b',
    'wait 5',
    'wait=5 dry-run',
    '=a',
    '=',
    ';',
    '; dry-run',
    '@',
    'a="b"c',
    'a=b"c"',
    '"dry-run"',
  )
  .map((written) => ({ name: undefined, value: undefined, written }));
const element = fc
  .record({ before: space, after: space, each: fc.oneof({ weight: 3, arbitrary: preference }, malformed) })
  .map(({ before, after, each }) => ({ ...each, written: before + each.written + after }));

describe('the grammar of Prefer', () => {
  test('gives each name its first value, whatever the white space, the quotes and the neighbours', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), (elements) => {
        const expected = new Map<string, string | undefined>();
        for (const { name, value } of elements) {
          const key = name?.toLowerCase();
          if (key !== undefined && !expected.has(key)) expected.set(key, value);
        }
        const header = elements.map(({ written }) => written).join(',');
        expect([...parsePreferences(header)]).toEqual([...expected]);
      }),
      { numRuns: 3000 },
    );
  });

  test('gives something for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => void readPreferences(any, MAX_MS)));
  });

  test.each([
    ['', MAX_MS, false, ''],
    ['wait=5', 5000, false, 'wait=5'],
    ['WAIT = "5" ; a=b', 5000, false, 'wait=5'],
    ['wait="\\5"', 5000, false, 'wait=5'],
    ['wait=005', 5000, false, 'wait=5'],
    ['wait=0', 0, false, 'wait=0'],
    ['wait=9999', MAX_MS, false, 'wait=70'],
    [`wait=${'9'.repeat(40)}`, MAX_MS, false, 'wait=70'],
    ['wait=1, wait=5', 1000, false, 'wait=1'],
    ['wait=soon, wait=5', MAX_MS, false, ''],
    ['a; wait=5', MAX_MS, false, ''],
    ['a="wait=5, dry-run", b', MAX_MS, false, ''],
    ['a=", dry-run', MAX_MS, false, ''],
    ['a="\\", dry-run', MAX_MS, false, ''],
    ['wait', MAX_MS, false, ''],
    ['wait=', MAX_MS, false, ''],
    ['wait=""', MAX_MS, false, ''],
    ['wait=-1', MAX_MS, false, ''],
    ['wait=1.5', MAX_MS, false, ''],
    ['wait=5s', MAX_MS, false, ''],
    ['wait=5 s', MAX_MS, false, ''],
    ['wait=0x5', MAX_MS, false, ''],
    ['waiting=5', MAX_MS, false, ''],
    ['dry-run', MAX_MS, true, 'dry-run'],
    [' ,, Dry-Run\t;a="b,c",, ', MAX_MS, true, 'dry-run'],
    ['dry-run=', MAX_MS, true, 'dry-run'],
    ['dry-run=""', MAX_MS, true, 'dry-run'],
    ['dry-run=true', MAX_MS, true, 'dry-run'],
    ['respond-async, wait=3, dry-run', 3000, true, 'wait=3, dry-run'],
    ['x; dry-run', MAX_MS, false, ''],
    ['x;dry-run=""', MAX_MS, false, ''],
    ['x="a" dry-run', MAX_MS, false, ''],
    ['dry-runs', MAX_MS, false, ''],
  ])('reads %j', (header, waitMs, isDryRun, applied) => {
    expect(readPreferences(header, MAX_MS)).toEqual({ waitMs, isDryRun, applied });
  });

  test('says how long is really waited, where the longest wait is no whole second', () => {
    expect(readPreferences('wait=1', 250)).toEqual({ waitMs: 250, isDryRun: false, applied: 'wait=0.25' });
  });
});

describe.each(['true', 'false'])('over HTTP, with FAST_LANE=%s', (hasFastLane) => {
  /** Has bought KOL 1, so that it is in memory and its query is known to the fast lane. */
  async function start(upstream: ScriptedUpstream): Promise<TestGateway> {
    const gateway = await startTestGateway({ upstream, env: { FAST_LANE: hasFastLane } });
    await gateway.query(STAR_OF, { id: '1' });
    await gateway.query(STAR_OF, { id: '1' });
    return gateway;
  }

  async function read(gateway: TestGateway, id: string, headers: HeadersInit) {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: [['content-type', 'application/json'], ...new Headers(headers)],
      body: JSON.stringify({ query: STAR_OF.toString(), variables: { id } }),
    });
    const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
    return { code: errors?.[0]?.extensions.code, applied: response.headers.get('preference-applied') };
  }

  test.each(['dry-run', 'dry-run=""', 'dry-run=', 'DRY-RUN', 'x="a, b", dry-run; y'])(
    '%s buys nothing, and says so',
    async (prefer) => {
      await using upstream = await startScriptedUpstream(answers);
      await using gateway = await start(upstream);
      expect(await read(gateway, '2', { prefer })).toEqual({ code: 'WOULD_BUY', applied: 'dry-run' });
      expect(await read(gateway, '1', { prefer })).toEqual({ code: undefined, applied: 'dry-run' });
      expect(upstream.calls).toHaveLength(1);
    },
  );

  test.each(['x; dry-run', 'x="dry-run"', 'x=", dry-run, "'])('%s is no dry run', async (prefer) => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream);
    expect(await read(gateway, '2', { prefer })).toEqual({ code: undefined, applied: null });
    expect(upstream.calls).toHaveLength(2);
  });

  test('several headers are one list', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream);
    const headers: [string, string][] = [
      ['prefer', 'wait=5'],
      ['prefer', 'dry-run'],
    ];
    expect(await read(gateway, '2', headers)).toEqual({ code: 'WOULD_BUY', applied: 'wait=5, dry-run' });
    expect(upstream.calls).toHaveLength(1);
  });

  test.each([
    ['wait=5', 'wait=5'],
    ['wait=9999', 'wait=70'],
    ['wait=soon', null],
    ['return=minimal', null],
  ])(
    '%s is answered with Preference-Applied: %s, for what is cached and for what is bought',
    async (prefer, applied) => {
      await using upstream = await startScriptedUpstream(answers);
      await using gateway = await start(upstream);
      expect(await read(gateway, '1', { prefer })).toEqual({ code: undefined, applied });
      expect(await read(gateway, '2', { prefer })).toEqual({ code: undefined, applied });
      expect(await read(gateway, 'not valid', { prefer })).toEqual({ code: 'BAD_USER_INPUT', applied });
      expect(upstream.calls).toHaveLength(2);
    },
  );

  test('a list that is ready to be sent again says it as well', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream);
    const ids = Array.from({ length: 50 }, (_, index) => String(7e18 + index * 1e6));
    const query = 'query($ids: [ID!]!) { kols(ids: $ids) { linkIndex { star { value } } } }';
    const body = { query, variables: { ids } };
    const appliedOf = async (headers: Record<string, string>) =>
      (await gateway.post(body, { headers })).headers.get('preference-applied');
    for (const _ of [1, 2, 3, 4]) expect(await appliedOf({})).toBeNull();
    expect(await appliedOf({ prefer: 'wait=5' })).toBe('wait=5');
    expect(await appliedOf({})).toBeNull();
  });
});
