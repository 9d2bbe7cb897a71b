import { describe, expect, test } from 'vitest';
import { acceptsHtml, isPlainJson, readAccept } from '../../../src/server/http/media-types.ts';
import { startTestGateway } from '../../support/test-gateway.ts';

const [JSON_TYPE, GRAPHQL, MULTIPART, SSE] = [
  'application/json',
  'application/graphql-response+json',
  'multipart/mixed',
  'text/event-stream',
] as const;

describe('Accept', () => {
  test.each([
    [undefined, JSON_TYPE, MULTIPART],
    ['', JSON_TYPE, MULTIPART],
    ['*/*', JSON_TYPE, MULTIPART],
    ['Multipart/Mixed', undefined, MULTIPART],
    ['multipart/mixed;q=0', undefined, undefined],
    ['multipart/mixed; q=0.000, */*', JSON_TYPE, SSE],
    ['*/*;q=0.1, application/json;q=0', GRAPHQL, MULTIPART],
    ['text/event-stream, multipart/mixed;q=0.5', undefined, SSE],
    ['multipart/mixed, text/event-stream', undefined, MULTIPART],
    ['text/event-stream, multipart/mixed', undefined, MULTIPART],
    ['TEXT/*, application/*;q=0.3', JSON_TYPE, SSE],
    [`${JSON_TYPE}, ${GRAPHQL}`, JSON_TYPE, undefined],
    [`${GRAPHQL}, ${JSON_TYPE}`, GRAPHQL, undefined],
    [`${GRAPHQL};q=0.4, ${JSON_TYPE};q=0.9`, JSON_TYPE, undefined],
    [`${GRAPHQL}; charset=utf-8, ${JSON_TYPE}; charset=UTF8`, GRAPHQL, undefined],
    [`${JSON_TYPE};charset=utf-16`, undefined, undefined],
    ['multipart/mixed;boundary="a,b;q=0";deferSpec=20220824,application/json', JSON_TYPE, MULTIPART],
    [`${JSON_TYPE};q=high`, JSON_TYPE, undefined],
    [',,;q=0', undefined, undefined],
    ['image/png', undefined, undefined],
  ])('%j is answered whole with %s, in parts with %s', (accept, regular, incremental) => {
    expect(readAccept(accept)).toEqual({ regular, incremental });
  });

  test.each([
    ['text/html,application/xhtml+xml,*/*;q=0.8', true],
    ['Text/HTML', true],
    ['text/html;q=0, */*', false],
    ['*/*', false],
    ['text/htmlx', false],
    [undefined, false],
  ])('%j asks for a page: %s', (accept, expected) => {
    expect(acceptsHtml(accept)).toBe(expected);
  });
});

const READ = [
  'application/json',
  'Application/Json',
  'application/json ; charset=utf-8',
  'application/json;charset=utf8',
  'application/json; charset="UTF-8"',
  'application/graphql+json',
];
const REFUSED = [
  ...['', 'text/plain', 'text/plain; application/json', 'application/jsonx', 'application/x-www-form-urlencoded'],
  ...['multipart/form-data; boundary=x', 'application/json; charset=latin1', 'application/json; charset="utf-16"'],
];

test.each(READ)('a body of the type %j is read', (type) => {
  expect(isPlainJson({ 'content-type': type })).toBe(true);
  expect(isPlainJson({ 'content-type': type, 'content-encoding': 'Identity' })).toBe(true);
  expect(isPlainJson({ 'content-type': type, 'content-encoding': 'gzip' })).toBe(false);
});

test.each(REFUSED)('a body of the type %j is not', (type) => {
  expect(isPlainJson({ 'content-type': type })).toBe(false);
});

describe.each(['true', 'false'])('with FAST_LANE=%s', (fastLane) => {
  const query = '{ kol(id: "7") { id } }';

  test('types are read without regard to case, space and parameters', async () => {
    await using gateway = await startTestGateway({ env: { FAST_LANE: fastLane } });
    // The first is yoga's to answer; the second may be the lane's.
    for (const type of READ) {
      for (let time = 0; time < 2; time += 1) {
        const response = await gateway.post({ query }, { headers: { 'content-type': type } });
        expect([type, response.status, await response.json()]).toEqual([type, 200, { data: { kol: { id: '7' } } }]);
      }
    }
    for (const type of REFUSED) {
      const response = await gateway.post({ query }, { headers: { 'content-type': type } });
      expect([type, response.status]).toEqual([type, 415]);
    }
  });

  test('an answer has the type that the client prefers, and none has what it refuses', async () => {
    await using gateway = await startTestGateway({ env: { FAST_LANE: fastLane } });
    for (const [accept, status, type] of [
      ['Application/GraphQL-Response+JSON', 200, GRAPHQL],
      ['application/json;q=0, */*', 200, GRAPHQL],
      ['Multipart/Mixed', 200, MULTIPART],
      ['multipart/mixed;q=0', 406, JSON_TYPE],
    ] as const) {
      for (let time = 0; time < 2; time += 1) {
        const response = await gateway.post({ query }, { headers: { accept } });
        expect([accept, response.status]).toEqual([accept, status]);
        expect(response.headers.get('content-type')).toContain(type);
      }
    }
  });
});
