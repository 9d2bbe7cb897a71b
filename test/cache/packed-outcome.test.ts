import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { packOutcome, unpackOutcome } from '../../src/domain/packed-outcome.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { BAD_RESPONSE } from '../../src/domain/verdicts.ts';
import { answerAt } from '../model/paid-outcomes.ts';
import { anyOutcome, told } from '../support/any-outcome.ts';

const anyKey = fc.string({ unit: 'binary' });
const anyExpiryMs = fc.maxSafeNat();
const anyPacked = fc.record({ key: anyKey, outcome: anyOutcome, expiresAtMs: anyExpiryMs });

describe('what is packed', () => {
  test('comes back the same under its own key, with its expiry', () => {
    fc.assert(
      fc.property(anyPacked, (packed) => {
        const unpacked = unpackOutcome(packed.key, packOutcome(packed, 0), 0);
        expect(told(unpacked?.outcome)).toEqual(told(packed.outcome));
        expect(unpacked).toMatchObject({ key: packed.key, expiresAtMs: packed.expiresAtMs });
      }),
    );
  });

  test('carries the time of the clock that is shared, and comes back in the time of whoever reads it', () => {
    const text = packOutcome({ key: '7', outcome: answerAt(1000, 1), expiresAtMs: 5000 }, 3_600_000);
    expect(text).toMatch(/^k1 3601000 /);
    expect(unpackOutcome('7', text, 3_600_000)).toMatchObject({ outcome: { fetchedAtMs: 1000 }, expiresAtMs: 5000 });
    expect(unpackOutcome('7', text, -500)).toMatchObject({
      outcome: { fetchedAtMs: 3_601_500 },
      expiresAtMs: 3_605_500,
    });
  });

  test('is a miss under any other key', () => {
    fc.assert(
      fc.property(anyPacked, anyKey, (packed, other) => {
        fc.pre(packed.key !== other);
        expect(unpackOutcome(other, packOutcome(packed, 0), 0)).toBeUndefined();
      }),
    );
  });

  test('is a miss when its end is missing, wherever it was cut', () => {
    fc.assert(
      fc.property(anyPacked, fc.nat(), (packed, cut) => {
        const text = packOutcome(packed, 0);
        expect(unpackOutcome(packed.key, text.slice(0, cut % text.length), 0)).toBeUndefined();
      }),
    );
  });

  test('is a miss or the same when any one of its characters is another', () => {
    const anyCharacter = fc.oneof(fc.constantFrom(...'0123456789 ,[]"\n-.'), fc.string({ minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(anyPacked, fc.nat(), anyCharacter, (packed, at, character) => {
        const text = packOutcome(packed, 0);
        const index = at % text.length;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        const unpacked = unpackOutcome(packed.key, changed, 0);
        if (unpacked) expect(told(unpacked.outcome)).toEqual(told(packed.outcome));
      }),
      { numRuns: 1000 },
    );
  });

  test('is judged anew when it is read: how fresh it was is not told', () => {
    const outcome: LinkIndexOutcome = { ...answerAt(1000, 1), freshness: 'STALE_UPSTREAM_FAILED' };
    expect(unpackOutcome('7', packOutcome({ key: '7', outcome, expiresAtMs: 0 }, 0), 0)?.outcome).toEqual(
      answerAt(1000, 1),
    );
  });

  test('holds no text of an error, which may repeat what the upstream said', () => {
    const error = new UpstreamError(BAD_RESPONSE, { reason: 'canary' });
    const text = packOutcome({ key: '7', outcome: { kind: 'failure', error, failedAtMs: 1 }, expiresAtMs: 0 }, 0);
    expect(text).not.toContain('canary');
  });
});

test('junk of any form is a miss, and never thrown', () => {
  const junk = fc.oneof(fc.string(), fc.json(), fc.constant('k1 1 0 []'), fc.constant('k1 1 0 {"__proto__":1}'));
  fc.assert(fc.property(junk, (text) => unpackOutcome('7', text, 0) === undefined));
});

test('a million answers fit into less than half a gigabyte: one is a short line', () => {
  const score = { value: 71.41, avgValue: 64.08, linkRelativeRatio: -0.0426, rank: 104_078, rankPercent: 0.0179 };
  const scores = { cooperate: score, cp: score, convert: score, shopping: score, spread: score, star: score };
  const outcome: LinkIndexOutcome = { ...answerAt(1_767_323_045_678), scores };
  const key = 'kolgw:0123456789:a:7094876543210987654';
  expect(packOutcome({ key, outcome, expiresAtMs: 1_767_923_045_678 }, 0).length).toBeLessThan(400);
});
