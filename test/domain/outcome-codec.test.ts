import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { decodeOutcome, encodeOutcome } from '../../src/domain/outcome-codec.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { BAD_RESPONSE } from '../../src/domain/verdicts.ts';
import { answerAt } from '../model/paid-outcomes.ts';
import { anyOutcome, told } from '../support/any-outcome.ts';

const anyKey = fc.string({ unit: 'binary' });
const anyExpiryMs = fc.maxSafeNat();
const anyStored = fc.record({ key: anyKey, outcome: anyOutcome, expiresAtMs: anyExpiryMs });
type Stored = typeof anyStored extends fc.Arbitrary<infer Value> ? Value : never;

const encode = ({ key, outcome, expiresAtMs }: Stored) => encodeOutcome(key, outcome, expiresAtMs);

describe('what is encoded', () => {
  test('comes back the same under its own key, with its expiry', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const decoded = decodeOutcome(stored.key, encode(stored));
        expect(told(decoded?.outcome)).toEqual(told(stored.outcome));
        expect(decoded?.expiresAtMs).toBe(stored.expiresAtMs);
      }),
    );
  });

  test('carries the time of the clock that is shared, and comes back in the time of whoever reads it', () => {
    const text = encodeOutcome('7', answerAt(1000, 1), 5000, 3_600_000);
    expect(text).toMatch(/^k1 3601000 /);
    expect(decodeOutcome('7', text, 3_600_000)).toMatchObject({ outcome: { fetchedAtMs: 1000 }, expiresAtMs: 5000 });
    expect(decodeOutcome('7', text, -500)).toMatchObject({
      outcome: { fetchedAtMs: 3_601_500 },
      expiresAtMs: 3_605_500,
    });
  });

  test('is a miss under any other key', () => {
    fc.assert(
      fc.property(anyStored, anyKey, (stored, other) => {
        fc.pre(stored.key !== other);
        expect(decodeOutcome(other, encode(stored))).toBeUndefined();
      }),
    );
  });

  test('is a miss when its end is missing, wherever it was cut', () => {
    fc.assert(
      fc.property(anyStored, fc.nat(), (stored, cut) => {
        const text = encode(stored);
        expect(decodeOutcome(stored.key, text.slice(0, cut % text.length))).toBeUndefined();
      }),
    );
  });

  test('is a miss or the same when any one of its characters is another', () => {
    const anyCharacter = fc.oneof(fc.constantFrom(...'0123456789 ,[]"\n-.'), fc.string({ minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(anyStored, fc.nat(), anyCharacter, (stored, at, character) => {
        const text = encode(stored);
        const index = at % text.length;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        const decoded = decodeOutcome(stored.key, changed);
        if (decoded) expect(told(decoded.outcome)).toEqual(told(stored.outcome));
      }),
      { numRuns: 1000 },
    );
  });

  test('says nothing of freshness, which is decided on reading', () => {
    const outcome: LinkIndexOutcome = { ...answerAt(1000, 1), freshness: 'STALE_UPSTREAM_FAILED' };
    expect(decodeOutcome('7', encodeOutcome('7', outcome, 0))?.outcome).toEqual(answerAt(1000, 1));
  });

  test('holds no text of an error, which may repeat what the upstream said', () => {
    const error = new UpstreamError(BAD_RESPONSE, { reason: 'canary' });
    const text = encodeOutcome('7', { kind: 'failure', error, failedAtMs: 1 }, 0);
    expect(text).not.toContain('canary');
  });
});

test('junk of any form is a miss, and never thrown', () => {
  const junk = fc.oneof(fc.string(), fc.json(), fc.constant('k1 1 0 []'), fc.constant('k1 1 0 {"__proto__":1}'));
  fc.assert(fc.property(junk, (text) => decodeOutcome('7', text) === undefined));
});

/** A text with the right time and checksum, whatever its values are. */
function textOf(values: unknown): string {
  const json = JSON.stringify(values);
  return `k1 1 ${crc32(`1 ${json}`).toString(36)} ${json}`;
}

describe('a text whose checksum fits', () => {
  const scores = [null, null, null, null, null, [1, 2, 3, 4, 5]];
  const answer = ['answer', '7', 9, null, scores];
  const failure = ['failure', '7', 9, null, 'bad-response', null, null, null];
  const withStar = (star: unknown) => ['answer', '7', 9, null, [...scores.slice(0, 5), star]];

  test.each<[string, unknown]>([
    ['null', null],
    ['an object', {}],
    ['a list without values', []],
    ['an unknown kind', ['guess', '7', 9, null]],
    ['another key', ['no-data', '8', 9, null]],
    ['a key that is a number', ['no-data', 7, 9, null]],
    ['an expiry as text', ['no-data', '7', '9', null]],
    ['a broken expiry', ['no-data', '7', 9.5, null]],
    ['an unknown endpoint', ['no-data', '7', 9, 'elsewhere']],
    ['no endpoint', ['no-data', '7', 9]],
    ['a value more', ['no-data', '7', 9, null, null]],
    ['no scores', ['answer', '7', 9, null]],
    ['scores that are null', ['answer', '7', 9, null, null]],
    ['five indices', ['answer', '7', 9, null, scores.slice(1)]],
    ['seven indices', ['answer', '7', 9, null, [...scores, null]]],
    ['an answer with a value more', [...answer, null]],
    ['an index of four numbers', withStar([1, 2, 3, 4])],
    ['an index of six numbers', withStar([1, 2, 3, 4, 5, 6])],
    ['an index as an object', withStar({ value: 1 })],
    ['a number as text', withStar([1, '2', 3, 4, 5])],
    ['a broken rank', withStar([1, 2, 3, 4.5, 5])],
    ['an unknown verdict', failure.with(4, 'constructor')],
    ['a verdict that is a number', failure.with(4, 1)],
    ['a broken upstream code', failure.with(5, 400.5)],
    ['a pause in words', failure.with(6, 'soon')],
    ['an unknown code of the breaker', failure.with(7, 'UPSTREAM_TIRED')],
    ['a failure of an endpoint', failure.with(3, 'kol-link-info')],
    ['a failure with a value more', [...failure, null]],
  ])('is a miss with %s', (_, values) => {
    expect(decodeOutcome('7', textOf(values))).toBeUndefined();
  });

  test.each([answer, failure, ['no-data', '7', 9, null]].map((values) => [values[0], values] as const))(
    'is an outcome in the right form: %s',
    (kind, values) => {
      expect(decodeOutcome('7', textOf(values))).toMatchObject({ outcome: { kind }, expiresAtMs: 9 });
    },
  );

  test('is a miss with a number that is too large', () => {
    const json = JSON.stringify(answer).replace('[1,', '[1e999,');
    const text = `k1 1 ${crc32(`1 ${json}`).toString(36)} ${json}`;
    expect(decodeOutcome('7', text)).toBeUndefined();
  });

  test('is read or a miss, and never throws, whatever its values are', () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 }), fc.jsonValue(), fc.constantFrom(answer, failure), (at, junk, values) => {
        decodeOutcome('7', textOf([...values.slice(0, at), junk, ...values.slice(at + 1)]));
      }),
    );
  });
});

test('a million answers fit into less than half a gigabyte: one is a short line', () => {
  const score = { value: 71.41, avgValue: 64.08, linkRelativeRatio: -0.0426, rank: 104_078, rankPercent: 0.0179 };
  const scores = { cooperate: score, cp: score, convert: score, shopping: score, spread: score, star: score };
  const outcome: LinkIndexOutcome = { ...answerAt(1_767_323_045_678), scores };
  const key = 'kolgw:0123456789:a:7094876543210987654';
  expect(encodeOutcome(key, outcome, 1_767_923_045_678).length).toBeLessThan(400);
});
