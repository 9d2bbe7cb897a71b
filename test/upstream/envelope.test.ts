import { describe, expect, test } from 'vitest';
import type { Billed, UpstreamErrorCode } from '../../src/domain/verdicts.ts';
import { type Decoded, decodeEnvelope } from '../../src/upstream/envelope.ts';

/** The documented sample, digit for digit. */
const SEED_SAMPLE = `{ "code": 0,
  "data": {
    "base_resp": { "status_code": 0, "status_message": "" },
    "cooperate_index":
      { "avg_value": 75.6, "link_relative_ratio": -0.0007, "rank": "144843", "rank_percent": 0.0179, "value": 75.67 },
    "cp_index":
      { "avg_value": 64.08, "link_relative_ratio": -0.0036, "rank": "104078", "rank_percent": 0.0128, "value": 66.2 },
    "link_convert_index":
      { "avg_value": 55.31, "link_relative_ratio": 0.0426, "rank": "116767", "rank_percent": 0.0144, "value": 67.01 },
    "link_shopping_index":
      { "avg_value": 53.58, "link_relative_ratio": -0.0738, "rank": "47882", "rank_percent": 0.0059, "value": 73.9 },
    "link_spread_index":
      { "avg_value": 53.29, "link_relative_ratio": -0.0456, "rank": "44183", "rank_percent": 0.0055, "value": 74.25 },
    "link_star_index":
      { "avg_value": 56.48, "link_relative_ratio": -0.0191, "rank": "44031", "rank_percent": 0.0054, "value": 71.41 }
  } }`;

const SEED_SCORES = {
  cooperate: { avgValue: 75.6, linkRelativeRatio: -0.0007, rank: 144843, rankPercent: 0.0179, value: 75.67 },
  cp: { avgValue: 64.08, linkRelativeRatio: -0.0036, rank: 104078, rankPercent: 0.0128, value: 66.2 },
  convert: { avgValue: 55.31, linkRelativeRatio: 0.0426, rank: 116767, rankPercent: 0.0144, value: 67.01 },
  shopping: { avgValue: 53.58, linkRelativeRatio: -0.0738, rank: 47882, rankPercent: 0.0059, value: 73.9 },
  spread: { avgValue: 53.29, linkRelativeRatio: -0.0456, rank: 44183, rankPercent: 0.0055, value: 74.25 },
  star: { avgValue: 56.48, linkRelativeRatio: -0.0191, rank: 44031, rankPercent: 0.0054, value: 71.41 },
};

const STAR = { value: 71.41 };
const FAILING_STATUSES = [400, 401, 403, 404, 410, 429, 500, 502, 503];

function decode(httpStatus: number, body: unknown): Decoded {
  return decodeEnvelope(httpStatus, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
}

function readingOf(decoded: Decoded): readonly [code: string, billed: Billed, upstreamCode: number | undefined] {
  if (decoded.kind !== 'failure') return [decoded.kind, 'yes', undefined];
  const { code, verdict, upstreamCode } = decoded.error;
  return [code, verdict.billed, upstreamCode];
}

function envelopeOf(code: unknown): Record<string, unknown> {
  return { code, message: 'said by the upstream', data: null, recordTime: '2026-08-01T00:00:00Z' };
}

describe('a success', () => {
  test.each([200, 201, 299])("holds the seed's sample exactly, under HTTP status %d", (httpStatus) => {
    expect(decode(httpStatus, SEED_SAMPLE)).toEqual({ kind: 'answer', scores: SEED_SCORES });
  });

  test('may carry the members that the vendor added', () => {
    const { code, data } = JSON.parse(SEED_SAMPLE) as Record<string, unknown>;
    const envelope = { code, message: null, recordTime: '2026-08-01T00:00:00Z', requestId: 'b4', surprise: [1], data };
    expect(decode(200, envelope)).toEqual({ kind: 'answer', scores: SEED_SCORES });
  });

  test.each<[string, unknown]>([
    ['no base_resp', {}],
    ['a base_resp that is null', { base_resp: null }],
    ['a base_resp without a status', { base_resp: {} }],
    ['a status of 0 as a string', { base_resp: { status_code: '0' } }],
  ])('is accepted with %s', (_, members) => {
    const data = { link_star_index: STAR, ...(members as object) };
    expect(decode(200, { code: 0, data })).toMatchObject({ kind: 'answer', scores: { star: STAR, cp: null } });
  });

  test('is read behind a byte order mark', () => {
    expect(decode(200, `\uFEFF${SEED_SAMPLE}`).kind).toBe('answer');
  });

  test('is read around bytes that are no UTF-8', () => {
    const [before, after] = SEED_SAMPLE.split('"status_message": "') as [string, string];
    const body = Buffer.concat([
      Buffer.from(`${before}"status_message": "`),
      Buffer.of(0xff, 0xfe),
      Buffer.from(after),
    ]);
    expect(decodeEnvelope(200, body)).toEqual({ kind: 'answer', scores: SEED_SCORES });
  });
});

describe('a success that cannot be used is billed', () => {
  test.each<[string, object]>([
    ['data is missing', {}],
    ['data is null', { data: null }],
    ['data is a list', { data: [] }],
    ['data is a list of blocks', { data: [{ link_star_index: STAR }] }],
    ['data is a string', { data: '{}' }],
    ['data is empty', { data: {} }],
    ['data has no block', { data: { base_resp: { status_code: 0 }, link_other_index: STAR } }],
    ['every block is null', { data: { link_star_index: null, cp_index: null } }],
    ['the blocks stand beside data', { data: {}, link_star_index: STAR }],
    ['base_resp has another status', { data: { base_resp: { status_code: 5 }, link_star_index: STAR } }],
    ['base_resp has a negative status', { data: { base_resp: { status_code: -1 }, link_star_index: STAR } }],
    ['base_resp has a status in words', { data: { base_resp: { status_code: 'ok' }, link_star_index: STAR } }],
    ['base_resp is no object', { data: { base_resp: [0], link_star_index: STAR } }],
    ['the blocks hide in __proto__', JSON.parse('{"data":{"__proto__":{"link_star_index":{"value":1}}}}')],
  ])('when %s', (_, members) => {
    const body = JSON.stringify({ code: 0, ...members });
    expect(readingOf(decode(200, body))).toEqual(['UPSTREAM_BAD_RESPONSE', 'yes', 0]);
  });
});

describe('a success that contradicts its HTTP status', () => {
  test.each([302, ...FAILING_STATUSES])('is no answer, and perhaps billed, under HTTP status %d', (httpStatus) => {
    expect(readingOf(decode(httpStatus, SEED_SAMPLE))).toEqual(['UPSTREAM_BAD_RESPONSE', 'unknown', 0]);
    expect(decode(httpStatus, envelopeOf(201))).toEqual({ kind: 'no-data' });
  });
});

test('code 201 says that there is no data, whatever stands in data', () => {
  expect(decode(200, envelopeOf(201))).toEqual({ kind: 'no-data' });
  expect(decode(200, { ...(JSON.parse(SEED_SAMPLE) as object), code: 201 })).toEqual({ kind: 'no-data' });
});

describe('a business code that is documented as a failure', () => {
  describe.each<[number, UpstreamErrorCode, condemns: string, isRepeatable: boolean]>([
    [100, 'UPSTREAM_TOKEN_INVALID', 'account', false],
    [300, 'UPSTREAM_ENDPOINT_GONE', 'endpoint', false],
    [301, 'UPSTREAM_COLLECTION_FAILED', 'call', true],
    [302, 'UPSTREAM_RATE_LIMITED', 'call', true],
    [303, 'UPSTREAM_QUOTA_EXCEEDED', 'quota', false],
    [400, 'BAD_USER_INPUT', 'call', false],
    [404, 'UPSTREAM_ENDPOINT_GONE', 'endpoint', false],
    [500, 'UPSTREAM_INTERNAL_ERROR', 'upstream', true],
    [503, 'UPSTREAM_INTERNAL_ERROR', 'upstream', true],
    [600, 'UPSTREAM_PERMISSION_DENIED', 'endpoint', false],
    [601, 'UPSTREAM_BALANCE_INSUFFICIENT', 'account', false],
    [602, 'UPSTREAM_TOKEN_LIMIT_REACHED', 'account', false],
  ])('%d', (code, errorCode, condemns, isRepeatable) => {
    test.each([200, ...FAILING_STATUSES])(`is ${errorCode} and unbilled under HTTP status %d`, (httpStatus) => {
      expect(readingOf(decode(httpStatus, envelopeOf(code)))).toEqual([errorCode, 'no', code]);
    });

    test('is a failure even with scores beside it', () => {
      const envelope = { ...(JSON.parse(SEED_SAMPLE) as object), code };
      expect(readingOf(decode(200, envelope))).toEqual([errorCode, 'no', code]);
    });

    test(`condemns the ${condemns} and ${isRepeatable ? 'may' : 'must not'} be repeated`, () => {
      const decoded = decode(200, envelopeOf(code));
      if (decoded.kind !== 'failure') expect.unreachable();
      expect(decoded.error.verdict.blames).toBe(condemns);
      expect(decoded.error.verdict.repeat !== 'never').toBe(isRepeatable);
    });
  });
});

describe('a business code in no table', () => {
  test.each([101, 202, 603, 999, -1, 1, 2e9])('is a failure that may have been billed: %d', (code) => {
    const readings = [200, ...FAILING_STATUSES].map((httpStatus) => readingOf(decode(httpStatus, envelopeOf(code))));
    expect(readings).toEqual(readings.map(() => ['UPSTREAM_BAD_RESPONSE', 'unknown', code]));
  });
});

describe('a response without an envelope', () => {
  test.each<[number, UpstreamErrorCode, Billed]>([
    [200, 'UPSTREAM_BAD_RESPONSE', 'unknown'],
    [204, 'UPSTREAM_BAD_RESPONSE', 'unknown'],
    [302, 'UPSTREAM_BAD_RESPONSE', 'unknown'],
    [400, 'UPSTREAM_BAD_RESPONSE', 'unknown'],
    [401, 'UPSTREAM_TOKEN_INVALID', 'no'],
    [403, 'UPSTREAM_PERMISSION_DENIED', 'no'],
    [404, 'UPSTREAM_ENDPOINT_GONE', 'no'],
    [410, 'UPSTREAM_ENDPOINT_GONE', 'no'],
    [418, 'UPSTREAM_BAD_RESPONSE', 'unknown'],
    [429, 'UPSTREAM_RATE_LIMITED', 'no'],
    [500, 'UPSTREAM_OUTCOME_UNKNOWN', 'unknown'],
    [502, 'UPSTREAM_OUTCOME_UNKNOWN', 'unknown'],
    [503, 'UPSTREAM_OUTCOME_UNKNOWN', 'unknown'],
    [504, 'UPSTREAM_OUTCOME_UNKNOWN', 'unknown'],
  ])('is judged by its HTTP status %d: %s, billed: %s', (httpStatus, errorCode, billed) => {
    const bodies = ['', '<!doctype html><title>Proxy</title>', '{"status":404,"error":"Not Found"}'];
    const readings = bodies.map((body) => readingOf(decode(httpStatus, body)));
    expect(readings).toEqual(bodies.map(() => [errorCode, billed, undefined]));
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['white space', ' \n'],
    ['the word null', 'null'],
    ['an empty list', '[]'],
    ['an envelope in a list', `[${SEED_SAMPLE}]`],
    ['a number', '0'],
    ['a string', '"code"'],
    ['an empty object', '{}'],
    ['truncated JSON', SEED_SAMPLE.slice(0, -1)],
    ['JSON and more', `${SEED_SAMPLE}x`],
    ['two envelopes', SEED_SAMPLE + SEED_SAMPLE],
    ['two byte order marks', `\uFEFF\uFEFF${SEED_SAMPLE}`],
    ['the number NaN', SEED_SAMPLE.replace('75.67', 'NaN')],
    ['a code that is NaN', '{"code":NaN}'],
    ['a code that is null', '{"code":null}'],
    ['a code that is no integer', '{"code":0.5}'],
    ['a code that is not finite', '{"code":1e999}'],
    ['a code that is true', '{"code":true}'],
    ['a code in a list', '{"code":[0]}'],
    ['the code 0 as a string', SEED_SAMPLE.replace('"code": 0', '"code": "0"')],
    ['the code 100 as a string', '{"code":"100"}'],
    ['a code under another case', '{"Code":0}'],
    ['a code in __proto__', SEED_SAMPLE.replace('"code": 0', '"__proto__": { "code": 0 }')],
    ['brackets without end', '['.repeat(1_000_000)],
  ])('is a bad response when the body is %s', (_, body) => {
    expect(readingOf(decode(200, body))).toEqual(['UPSTREAM_BAD_RESPONSE', 'unknown', undefined]);
  });

  test('is a bad response when the body is UTF-16', () => {
    const body = Buffer.from(`\uFEFF${SEED_SAMPLE}`, 'utf16le');
    expect(readingOf(decodeEnvelope(200, body))).toEqual(['UPSTREAM_BAD_RESPONSE', 'unknown', undefined]);
  });
});

test('the last of duplicate keys counts', () => {
  const twice = (first: number, last: number) =>
    decode(200, SEED_SAMPLE.replace('"code": 0', `"code": ${first}, "code": ${last}`));
  expect(readingOf(twice(0, 301))).toEqual(['UPSTREAM_COLLECTION_FAILED', 'no', 301]);
  expect(twice(301, 0).kind).toBe('answer');
});
