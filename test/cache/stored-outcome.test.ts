import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IndexScore, LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { decodeOutcome, encodeOutcome } from '../../src/domain/stored-outcome.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import {
  BAD_RESPONSE,
  BUDGET_EXHAUSTED,
  BUSINESS_CODES,
  OUTCOME_UNKNOWN,
  OVERLOADED,
  PAUSED,
  PENDING,
  STOPPING,
  UNREACHABLE,
  UNUSABLE_ANSWER,
  type Verdict,
} from '../../src/domain/verdicts.ts';
import { answerOf, plain } from '../support/answer-store-contract.ts';

const BAD_PARAMETERS = BUSINESS_CODES.get(400) as Verdict;
const KEPT: readonly Verdict[] = [BAD_RESPONSE, UNUSABLE_ANSWER, OUTCOME_UNKNOWN, BAD_PARAMETERS];

// JSON has no negative zero, and to us it is zero.
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const nullable = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });
const anyScore: fc.Arbitrary<IndexScore | null> = nullable(
  fc.record({
    value: nullable(anyNumber),
    avgValue: nullable(anyNumber),
    linkRelativeRatio: nullable(anyNumber),
    rank: nullable(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
    rankPercent: nullable(anyNumber),
  }),
);
const anyScores = fc.record({
  cooperate: anyScore,
  cp: anyScore,
  convert: anyScore,
  shopping: anyScore,
  spread: anyScore,
  star: anyScore,
});
const anyTimeMs = fc.maxSafeNat();
const anyCode = fc.option(fc.maxSafeInteger(), { nil: undefined });
const anyOutcome: fc.Arbitrary<LinkIndexOutcome> = fc.oneof(
  fc.record({
    kind: fc.constant('answer' as const),
    scores: anyScores,
    freshness: fc.constant('FRESH' as const),
    fetchedAtMs: anyTimeMs,
  }),
  fc.record({ kind: fc.constant('no-data' as const), fetchedAtMs: anyTimeMs }),
  fc.record({
    kind: fc.constant('failure' as const),
    error: fc
      .tuple(fc.constantFrom(...KEPT), anyCode)
      .map(([verdict, upstreamCode]) => new UpstreamError(verdict, { upstreamCode })),
    failedAtMs: anyTimeMs,
  }),
);
const anyKey = fc.string({ unit: 'binary' });

describe('what is stored', () => {
  test('comes back the same under its own key', () => {
    fc.assert(
      fc.property(anyKey, anyOutcome, (key, outcome) => {
        const text = encodeOutcome(key, outcome) ?? '';
        expect(plain(decodeOutcome(key, text))).toEqual(plain(outcome));
      }),
    );
  });

  test('is a miss under any other key', () => {
    fc.assert(
      fc.property(anyKey, anyKey, anyOutcome, (key, other, outcome) => {
        fc.pre(key !== other);
        expect(decodeOutcome(other, encodeOutcome(key, outcome) ?? '')).toBeUndefined();
      }),
    );
  });

  test('is a miss when its end is missing, wherever it was cut', () => {
    fc.assert(
      fc.property(anyKey, anyOutcome, fc.nat(), (key, outcome, cut) => {
        const text = encodeOutcome(key, outcome) ?? '';
        expect(decodeOutcome(key, text.slice(0, cut % text.length))).toBeUndefined();
      }),
    );
  });

  test('is judged anew when it is read: how fresh it was is not kept', () => {
    const { outcome } = answerOf('7', 1000);
    const text = encodeOutcome('7', { ...outcome, freshness: 'STALE_UPSTREAM_FAILED' } as LinkIndexOutcome) ?? '';
    expect(decodeOutcome('7', text)).toEqual(outcome);
  });

  test('tells paid answers that are unusable from those that may have been billed', () => {
    const stored = KEPT.map((verdict) => {
      const outcome = { kind: 'failure', error: new UpstreamError(verdict), failedAtMs: 1 } as const;
      const decoded = decodeOutcome('7', encodeOutcome('7', outcome) ?? '');
      return decoded?.kind === 'failure' && decoded.error.verdict;
    });
    expect(stored).toEqual(KEPT);
  });

  test('holds no text of an error, which may repeat what the upstream said', () => {
    const error = new UpstreamError(BAD_RESPONSE, { reason: 'canary' });
    expect(encodeOutcome('7', { kind: 'failure', error, failedAtMs: 1 })).not.toContain('canary');
  });
});

const FREE = [...BUSINESS_CODES.values()].filter((verdict) => verdict !== BAD_PARAMETERS);

test('failures that cost nothing and may pass are not worth keeping', () => {
  for (const verdict of [...FREE, UNREACHABLE, PAUSED, OVERLOADED, STOPPING, PENDING, BUDGET_EXHAUSTED]) {
    const outcome = { kind: 'failure', error: new UpstreamError(verdict), failedAtMs: 1 } as const;
    expect(encodeOutcome('7', outcome), verdict.errorCode).toBeUndefined();
  }
});

describe('junk', () => {
  const body = JSON.parse(encodeOutcome('7', answerOf('7', 1000).outcome) ?? '');
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
    expect(decodeOutcome('7', JSON.stringify(junk))).toBeUndefined();
  });

  test('its good neighbours are no misses', () => {
    for (const outcome of [body.outcome, noData, failure])
      expect(decodeOutcome('7', JSON.stringify({ ...body, outcome }))).toBeDefined();
  });

  test('of any form is a miss, and never thrown', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant('{"__proto__":{"version":1}}'));
    fc.assert(fc.property(text, (junk) => decodeOutcome('7', junk) === undefined));
  });

  test('what is read of a changed body has the right form, or is a miss', () => {
    const members = fc.constantFrom('value', 'avgValue', 'linkRelativeRatio', 'rank', 'rankPercent');
    fc.assert(
      fc.property(members, fc.jsonValue(), (member, junk) => {
        const { star } = body.outcome.scores;
        const scores = { ...body.outcome.scores, star: { ...star, [member]: junk } };
        const decoded = decodeOutcome('7', JSON.stringify({ ...body, outcome: { ...body.outcome, scores } }));
        const isRight =
          junk === null || (typeof junk === 'number' && (member !== 'rank' || Number.isSafeInteger(junk)));
        expect(decoded !== undefined).toBe(isRight);
      }),
    );
  });
});
