import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { decodeJsonOutcome, decodeOutcome, encodeOutcome } from '../../src/domain/outcome-codec.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { nameOfVerdict } from '../../src/domain/verdicts.ts';
import { anyOutcome, told } from '../support/any-outcome.ts';

// Written by version 0.1.0.
const STAR = { value: 71.41, avgValue: 64.08, linkRelativeRatio: -0.0426, rank: 104_078, rankPercent: 0.0179 };
const CP = { value: 1, avgValue: null, linkRelativeRatio: 0, rank: null, rankPercent: null };
const SCORES = { cooperate: null, cp: CP, convert: null, shopping: null, spread: null, star: STAR };
const AT_MS = 1_767_323_045_678;
const IN_REDIS = {
  answer:
    'k1 1767323045678 s5clhm ["answer","kolgw:k",1767923045678,null,[null,[1,null,0,null,null],null,null,null,[71.41,64.08,-0.0426,104078,0.0179]]]',
  noData: 'k1 1767323045678 uu63nx ["no-data","kolgw:k",1767923045678,"author-link-info"]',
  failure: 'k1 1767323045678 1wgmybm ["failure","kolgw:k",1767923045678,null,"bad-parameters",400,null,null]',
};
const IN_SQLITE = {
  answer:
    '{"version":1,"key":"v1 https://u\\n7","outcome":{"kind":"answer","scores":{"cooperate":null,"cp":{"value":1,"avgValue":null,"linkRelativeRatio":0,"rank":null,"rankPercent":null},"convert":null,"shopping":null,"spread":null,"star":{"value":71.41,"avgValue":64.08,"linkRelativeRatio":-0.0426,"rank":104078,"rankPercent":0.0179}},"fetchedAtMs":1767323045678}}',
  noData: '{"version":1,"key":"v1 https://u\\n7","outcome":{"kind":"no-data","fetchedAtMs":1767323045678}}',
  failure:
    '{"version":1,"key":"v1 https://u\\n7","outcome":{"kind":"failure","verdict":"bad-parameters","upstreamCode":400,"failedAtMs":1767323045678}}',
};
const ANSWER = { kind: 'answer', scores: SCORES, freshness: 'FRESH', fetchedAtMs: AT_MS };
const FAILURE = { kind: 'failure', error: { code: 'BAD_USER_INPUT', upstreamCode: 400 }, failedAtMs: AT_MS };

describe('what version 0.1.0 wrote into Redis', () => {
  const read = (text: string) => decodeOutcome('kolgw:k', text);

  test('is read', () => {
    const expiresAtMs = 1_767_923_045_678;
    expect(read(IN_REDIS.answer)).toEqual({ outcome: ANSWER, expiresAtMs });
    const noData = { kind: 'no-data', endpoint: 'author-link-info', fetchedAtMs: AT_MS };
    expect(read(IN_REDIS.noData)).toEqual({ outcome: noData, expiresAtMs });
    expect(read(IN_REDIS.failure)).toMatchObject({ outcome: FAILURE, expiresAtMs });
  });

  test('is what is still written, so replicas of both versions share their answers', () => {
    for (const text of Object.values(IN_REDIS)) {
      const { outcome, expiresAtMs } = read(text) ?? {};
      expect(outcome && expiresAtMs && encodeOutcome('kolgw:k', outcome, expiresAtMs)).toBe(text);
    }
  });
});

describe('what version 0.1.0 wrote into SQLite', () => {
  const read = (text: string) => decodeJsonOutcome('v1 https://u\n7', text);

  test('is read', () => {
    expect(read(IN_SQLITE.answer)).toEqual(ANSWER);
    expect(read(IN_SQLITE.noData)).toEqual({ kind: 'no-data', fetchedAtMs: AT_MS });
    expect(read(IN_SQLITE.failure)).toMatchObject(FAILURE);
  });

  test('is a miss under another key, and where its end is missing', () => {
    for (const text of Object.values(IN_SQLITE)) {
      expect(decodeJsonOutcome('v1 https://u\n8', text)).toBeUndefined();
      for (let cut = 0; cut < text.length; cut += 1) expect(read(text.slice(0, cut))).toBeUndefined();
    }
  });

  test('is read as it was, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), anyOutcome, (key, outcome) => {
        expect(told(decodeJsonOutcome(key, writtenBy010(key, outcome)))).toEqual(told(withoutUnstored(outcome)));
      }),
    );
  });
});

/** As version 0.1.0 wrote it. */
function writtenBy010(key: string, outcome: LinkIndexOutcome): string {
  if (outcome.kind !== 'failure') {
    const { kind, fetchedAtMs } = outcome;
    const scores = outcome.kind === 'answer' ? outcome.scores : undefined;
    return JSON.stringify({ version: 1, key, outcome: { kind, scores, fetchedAtMs } });
  }
  const { verdict, upstreamCode } = outcome.error;
  const { kind, failedAtMs } = outcome;
  return JSON.stringify({
    version: 1,
    key,
    outcome: { kind, verdict: nameOfVerdict(verdict), upstreamCode, failedAtMs },
  });
}

function withoutUnstored(outcome: LinkIndexOutcome): LinkIndexOutcome {
  if (outcome.kind !== 'failure') {
    const { endpoint: _, ...stored } = outcome;
    return stored;
  }
  const { verdict, upstreamCode } = outcome.error;
  return { ...outcome, error: new UpstreamError(verdict, { upstreamCode }) };
}

describe('junk in SQLite', () => {
  const body = JSON.parse(writtenBy010('7', ANSWER as LinkIndexOutcome));
  const noData = { kind: 'no-data', fetchedAtMs: 1 };
  const failure = { kind: 'failure', verdict: 'bad-response', failedAtMs: 1 };

  test.each<[string, unknown]>([
    ['null', null],
    ['a list', [body]],
    ['an object without members', {}],
    ['another version', { ...body, version: 2 }],
    ['a version as text', { ...body, version: '1' }],
    ['no version', { ...body, version: undefined }],
    ['no key', { ...body, key: undefined }],
    ['a key that is a number', { ...body, key: 7 }],
    ['a member more', { ...body, more: 1 }],
    ['no outcome', { ...body, outcome: undefined }],
    ['an unknown kind', { ...body, outcome: { kind: 'guess', fetchedAtMs: 1 } }],
    ['no scores', { ...body, outcome: { ...body.outcome, scores: undefined } }],
    ['five blocks', { ...body, outcome: { ...body.outcome, scores: { ...body.outcome.scores, star: undefined } } }],
    ['a block more', { ...body, outcome: { ...body.outcome, scores: { ...body.outcome.scores, more: null } } }],
    ['a time as text', { ...body, outcome: { ...noData, fetchedAtMs: '1' } }],
    ['a broken time', { ...body, outcome: { ...noData, fetchedAtMs: 1.5 } }],
    ['a time beyond exact numbers', { ...body, outcome: { ...noData, fetchedAtMs: 1e300 } }],
    ['an unknown verdict', { ...body, outcome: { ...failure, verdict: 'constructor' } }],
    ['a code that is no number', { ...body, outcome: { ...failure, upstreamCode: '400' } }],
  ])('is a miss: %s', (_, junk) => {
    expect(decodeJsonOutcome('7', JSON.stringify(junk))).toBeUndefined();
  });

  test('its good neighbours are no misses', () => {
    for (const outcome of [body.outcome, noData, failure])
      expect(decodeJsonOutcome('7', JSON.stringify({ ...body, outcome }))).toBeDefined();
  });

  test('of any form is a miss, and never thrown', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant('{"__proto__":{"version":1}}'));
    fc.assert(fc.property(text, (junk) => decodeJsonOutcome('7', junk) === undefined));
  });

  test('what is read of a changed body has the right form, or is a miss', () => {
    const members = fc.constantFrom('value', 'avgValue', 'linkRelativeRatio', 'rank', 'rankPercent');
    fc.assert(
      fc.property(members, fc.jsonValue(), (member, junk) => {
        const { star } = body.outcome.scores;
        const scores = { ...body.outcome.scores, star: { ...star, [member]: junk } };
        const decoded = decodeJsonOutcome('7', JSON.stringify({ ...body, outcome: { ...body.outcome, scores } }));
        const isRight =
          junk === null || (typeof junk === 'number' && (member !== 'rank' || Number.isSafeInteger(junk)));
        expect(decoded !== undefined).toBe(isRight);
      }),
    );
  });
});
