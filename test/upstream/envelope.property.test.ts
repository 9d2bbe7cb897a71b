import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import type { UpstreamErrorCode } from '../../src/domain/verdicts.ts';
import { type Decoded, decodeEnvelope } from '../../src/upstream/envelope.ts';
import { envelopeFor } from '../support/scripted-upstream.ts';

const ERROR_CODES: ReadonlySet<UpstreamErrorCode> = new Set<UpstreamErrorCode>([
  'BAD_USER_INPUT',
  'UPSTREAM_TOKEN_INVALID',
  'UPSTREAM_COLLECTION_FAILED',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_QUOTA_EXCEEDED',
  'UPSTREAM_INTERNAL_ERROR',
  'UPSTREAM_PERMISSION_DENIED',
  'UPSTREAM_BALANCE_INSUFFICIENT',
  'UPSTREAM_TOKEN_LIMIT_REACHED',
  'UPSTREAM_ENDPOINT_GONE',
  'UPSTREAM_BAD_RESPONSE',
  'UPSTREAM_OUTCOME_UNKNOWN',
]);
const BLOCKS = Object.keys(envelopeFor('1').data).filter((name) => name !== 'base_resp');
const NUM_RUNS = 1000;

const anyStatus = fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 599 }), fc.integer());
const anyCode = fc.oneof(fc.constantFrom(0, 0, 0, 100, 201, 300, 301, 302, 400, 404, 500, 601, 602), fc.integer());

/** Blocks with the right names and any content, beside any `base_resp`. */
const anyData = fc.record(
  {
    base_resp: fc.oneof(fc.record({ status_code: fc.constantFrom<unknown>(0, '0', 1, null) }), fc.jsonValue()),
    ...Object.fromEntries(
      BLOCKS.map((name) => [
        name,
        fc.oneof(
          fc.jsonValue(),
          fc.record(
            { value: fc.jsonValue(), avg_value: fc.double(), rank: fc.jsonValue(), rank_percent: fc.double() },
            { requiredKeys: [] },
          ),
        ),
      ]),
    ),
  },
  { requiredKeys: [] },
);

/** Near to real envelopes, where the mistakes would be. */
const anyEnvelope = fc.record(
  { code: fc.oneof(anyCode, fc.jsonValue()), data: fc.oneof(anyData, fc.jsonValue()), message: fc.jsonValue() },
  { requiredKeys: [] },
);

function bytesOf(json: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(json));
}

function expectMemberOfClosedSet(decoded: Decoded): void {
  expect(['answer', 'no-data', 'failure']).toContain(decoded.kind);
  if (decoded.kind === 'answer') expectScores(decoded.scores);
  if (decoded.kind !== 'failure') return;
  expect(decoded.error).toBeInstanceOf(UpstreamError);
  expect(ERROR_CODES).toContain(decoded.error.code);
  expect(['yes', 'no', 'unknown']).toContain(decoded.error.verdict.billed);
}

function expectScores(scores: Extract<Decoded, { kind: 'answer' }>['scores']): void {
  expect(Object.keys(scores).sort()).toEqual(['convert', 'cooperate', 'cp', 'shopping', 'spread', 'star']);
  expect(Object.values(scores).some((score) => score !== null)).toBe(true);
  for (const score of Object.values(scores)) {
    if (score === null) continue;
    const { rank, rankPercent, ...members } = score;
    for (const member of [rank, rankPercent, ...Object.values(members)]) {
      if (member !== null) expect(member).toSatisfy(Number.isFinite);
    }
    if (rank !== null) expect(rank).toSatisfy((it: number) => it >= 1 && (it | 0) === it);
    if (rankPercent !== null) expect(rankPercent).toBeGreaterThanOrEqual(0);
  }
}

test('any status with any bytes gives a value of the closed set', () => {
  fc.assert(
    fc.property(anyStatus, fc.uint8Array({ maxLength: 200 }), (httpStatus, body) => {
      expectMemberOfClosedSet(decodeEnvelope(httpStatus, body));
    }),
    { numRuns: NUM_RUNS },
  );
});

test('any status with any JSON gives a value of the closed set', () => {
  fc.assert(
    fc.property(anyStatus, fc.oneof(anyEnvelope, fc.jsonValue()), (httpStatus, json) => {
      expectMemberOfClosedSet(decodeEnvelope(httpStatus, bytesOf(json)));
    }),
    { numRuns: NUM_RUNS },
  );
});

test('a good envelope that is cut anywhere or changed in one byte gives a value of the closed set', () => {
  const whole = bytesOf(envelopeFor('1'));
  const anywhere = fc.nat({ max: whole.length - 1 });
  fc.assert(
    fc.property(anywhere, anywhere, fc.nat({ max: 255 }), (length, position, byte) => {
      expect(decodeEnvelope(200, whole.subarray(0, length)).kind).toBe('failure');
      expectMemberOfClosedSet(decodeEnvelope(200, whole.with(position, byte)));
    }),
    { numRuns: NUM_RUNS },
  );
});

test('an answer comes from code 0 under a 2xx status and from nothing else', () => {
  fc.assert(
    fc.property(anyStatus, anyEnvelope, (httpStatus, envelope) => {
      const { kind } = decodeEnvelope(httpStatus, bytesOf(envelope));
      const isHttpSuccess = httpStatus >= 200 && httpStatus < 300;
      if (kind === 'answer') expect([isHttpSuccess, envelope.code === 0]).toEqual([true, true]);
      if (kind === 'no-data') expect(envelope.code).toBe(201);
    }),
    { numRuns: NUM_RUNS },
  );
});

test('good scores are never an answer under another code or a status that is not 2xx', () => {
  fc.assert(
    fc.property(anyStatus, anyCode, (httpStatus, code) => {
      const { kind } = decodeEnvelope(httpStatus, bytesOf({ ...envelopeFor('1'), code }));
      expect(kind === 'answer').toBe(code === 0 && httpStatus >= 200 && httpStatus < 300);
    }),
    { numRuns: NUM_RUNS },
  );
});

test('only what is known to be unbilled may be repeated', () => {
  fc.assert(
    fc.property(anyStatus, anyEnvelope, (httpStatus, envelope) => {
      const decoded = decodeEnvelope(httpStatus, bytesOf(envelope));
      if (decoded.kind !== 'failure' || decoded.error.verdict.repeat === 'never') return;
      expect(decoded.error.verdict.billed).toBe('no');
    }),
    { numRuns: NUM_RUNS },
  );
});

test('no error repeats text of the body', () => {
  const canary = 'canary-7f3a9c21';
  const echoed = fc.record({ code: anyCode, status: fc.jsonValue(), block: fc.jsonValue() }).map((parts) =>
    JSON.stringify({
      code: parts.code,
      message: canary,
      [canary]: canary,
      data: {
        base_resp: { status_code: parts.status, status_message: canary },
        link_star_index: parts.block,
        cp_index: canary,
      },
    }),
  );
  const words = [
    canary,
    JSON.stringify(canary),
    JSON.stringify({ code: canary }),
    JSON.stringify({ code: 0, data: canary }),
  ];
  const body = fc.oneof(
    echoed,
    echoed.map((text) => text.slice(0, -1)),
    fc.constantFrom(...words),
    fc.string().map((text) => text + canary),
  );
  fc.assert(
    fc.property(anyStatus, body, (httpStatus, text) => {
      const decoded = decodeEnvelope(httpStatus, Buffer.from(text));
      if (decoded.kind !== 'failure') return;
      const { error } = decoded;
      const printed = [error.message, error.stack, JSON.stringify(error), inspect(error, { depth: null })].join('\n');
      expect(printed).not.toContain(canary);
    }),
    { numRuns: NUM_RUNS },
  );
});
