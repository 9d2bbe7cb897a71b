import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigurationError, parseConfig } from '../../../src/config/config.ts';
import { describeRedis, parseRedisLocation, type RedisLocation } from '../../../src/config/redis-location.ts';
import { CANARY_TOKEN } from '../../support/test-gateway.ts';

const DEFAULTS: RedisLocation = {
  kind: 'single',
  nodes: [{ host: 'cache.example', port: 6379 }],
  isTls: false,
  username: undefined,
  password: undefined,
  database: 0,
  sentinelName: undefined,
  sentinelPassword: undefined,
};
const [A, B, C] = ['a', 'b', 'c'].map((host) => ({ host, port: 6379 }));

describe('one server', () => {
  test.each<[string, Partial<RedisLocation>]>([
    ['redis://cache.example', {}],
    ['redis://cache.example/', {}],
    ['redis://cache.example:6380', { nodes: [{ host: 'cache.example', port: 6380 }] }],
    ['rediss://cache.example', { isTls: true }],
    ['redis://cache.example/15', { database: 15 }],
    ['redis://:pass@cache.example', { password: 'pass' }],
    ['redis://user:pass@cache.example', { username: 'user', password: 'pass' }],
    ['redis://user@cache.example', { username: 'user' }],
    ['redis://:a%2Fword%20with%3A%20%40%2Ceverything%25@cache.example', { password: 'a/word with: @,everything%' }],
    ['redis://:p%C3%A4ss@cache.example', { password: 'päss' }],
    ['redis://127.0.0.1', { nodes: [{ host: '127.0.0.1', port: 6379 }] }],
    ['redis://[::1]:6380/2', { nodes: [{ host: '::1', port: 6380 }], database: 2 }],
    ['redis://:pass@[2001:db8::7]', { nodes: [{ host: '2001:db8::7', port: 6379 }], password: 'pass' }],
  ])('%s', (text, expected) => {
    expect(parseRedisLocation(text)).toEqual({ ...DEFAULTS, ...expected });
  });
});

describe('several', () => {
  test.each<[string, Partial<RedisLocation>]>([
    ['redis://a,redis://b,redis://c', { kind: 'cluster', nodes: [A, B, C] as never }],
    ['redis://a,b,c', { kind: 'cluster', nodes: [A, B, C] as never }],
    ['rediss://a,rediss://b', { kind: 'cluster', nodes: [A, B] as never, isTls: true }],
    ['rediss://a,b', { kind: 'cluster', nodes: [A, B] as never, isTls: true }],
    ['redis://a:1,b:2,[::1]:3', { kind: 'cluster', nodes: nodes('a:1', 'b:2', '::1:3') }],
    ['redis://a?cluster=true', { kind: 'cluster', nodes: nodes('a:6379') }],
    ['redis://:pass@a,b', { kind: 'cluster', nodes: [A, B] as never, password: 'pass' }],
    ['redis://a,:pass@b', { kind: 'cluster', nodes: [A, B] as never, password: 'pass' }],
    ['redis://a/0,b/0', { kind: 'cluster', nodes: [A, B] as never }],
    ['redis://a?sentinel=main', { kind: 'sentinel', nodes: nodes('a:26379'), sentinelName: 'main' }],
    ['redis://a:1?sentinel=main', { kind: 'sentinel', nodes: nodes('a:1'), sentinelName: 'main' }],
    ['redis://a,b?sentinel=main', { kind: 'sentinel', nodes: nodes('a:26379', 'b:26379'), sentinelName: 'main' }],
    ['redis://a?sentinel=main,b', { kind: 'sentinel', nodes: nodes('a:26379', 'b:26379'), sentinelName: 'main' }],
    [
      'redis://a,b/3?sentinel=main',
      { kind: 'sentinel', nodes: nodes('a:26379', 'b:26379'), sentinelName: 'main', database: 3 },
    ],
    [
      'redis://user:pass@a?sentinel=main&sentinelPassword=w%20rd',
      {
        ...{ kind: 'sentinel', nodes: nodes('a:26379'), sentinelName: 'main' },
        ...{ username: 'user', password: 'pass', sentinelPassword: 'w rd' },
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseRedisLocation(text)).toEqual({ ...DEFAULTS, ...expected });
  });
});

function nodes(...hostsAndPorts: string[]): RedisLocation['nodes'] {
  return hostsAndPorts.map((each) => {
    const at = each.lastIndexOf(':');
    return { host: each.slice(0, at), port: Number(each.slice(at + 1)) };
  });
}

const BAD = [
  'redis:',
  'redis://',
  'redis:///0',
  'redis://:6379',
  'redis://:pass@',
  'redis:cache.example',
  'valkey://cache.example',
  'http://cache.example',
  'REDIS://cache.example',
  ' redis://cache.example',
  'redis://cache.example:port',
  'redis://cache.example:65536',
  'redis://cache.example/one',
  'redis://cache.example/-1',
  'redis://cache.example/1/2',
  'redis://cache.example/123456',
  'redis://cache.example#0',
  'redis://cache.example?db=1',
  'redis://cache.example?cluster=yes',
  'redis://cache.example?sentinel=',
  'redis://cache.example?sentinel=main&cluster=true',
  'redis://:%@cache.example',
  'redis://:%E0%A4@cache.example',
  'redis://a,',
  'redis://,a',
  'redis://a,,b',
  'redis://a,rediss://b',
  'redis://a,http://b',
  'redis://a/1,b/2',
  'redis://a/1?cluster=true',
  'redis://a,b/1',
  'redis://a/1?sentinel=main,b/2',
  'redis://[::1',
];

test.each(BAD)('%j is refused', (text) => {
  expect(parseRedisLocation(text)).toBeUndefined();
  expect(() => parseConfig({ CACHE_STORE: text, JUSTONEAPI_TOKEN: CANARY_TOKEN })).toThrow(
    /CACHE_STORE: expected memory:, sqlite:PATH, or redis:/,
  );
});

test.each([
  ['names of a master', 'redis://a?sentinel=one,b?sentinel=two'],
  ['passwords', 'redis://:one@a,:two@b'],
  ['passwords of sentinels', 'redis://a?sentinel=main&sentinelPassword=one,b?sentinelPassword=two'],
])('contradicting %s are refused', (_, text) => {
  expect(parseRedisLocation(text)).toBeUndefined();
});

test('text of any form is a location or refused, and never thrown', () => {
  const piece = fc.constantFrom(
    'a',
    ':',
    '@',
    '/',
    ',',
    '?',
    '#',
    '%',
    '%20',
    '[',
    ']',
    '1',
    'sentinel=',
    'redis://',
    '&',
    ' ',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (rest) => {
      for (const scheme of ['redis://', 'redis', '']) parseRedisLocation(scheme + rest);
    }),
    { numRuns: 300 },
  );
});

describe('a password', () => {
  const SECRET = 'hunter2-canary';
  const good = [
    `redis://:${SECRET}@cache.example`,
    `redis://user:${SECRET}@a,b`,
    `redis://:${SECRET}@a,b?sentinel=main&sentinelPassword=${SECRET}`,
    `redis://[::1]/3?sentinel=main&sentinelPassword=${SECRET}`,
  ];

  test.each(good)('comes back and is not described (%#)', (text) => {
    const location = parseRedisLocation(text);
    expect([location?.password, location?.sentinelPassword]).toContain(SECRET);
    expect(describeRedis(location as RedisLocation)).not.toContain(SECRET);
  });

  test.each([
    ...[...good, ...good].map((text, index) => ({ CACHE_STORE: index < good.length ? `${text}#` : `x${text}` })),
    { CACHE_STORE: `redis://:${SECRET}@cache.example?db=${SECRET}` },
    { CACHE_STORE: `redis://:${SECRET}@cache.example`, LOG_LEVEL: `redis://:${SECRET}@cache.example` },
    { CACHE_STORE: `redis://:${SECRET}@cache.example`, LOG_LEVEL: SECRET },
    { CACHE_STORE: SECRET },
    { PORT: `redis://:${SECRET}@cache.example` },
  ])('is in no message about the configuration (%#)', (environment) => {
    let message = '';
    try {
      parseConfig({ JUSTONEAPI_TOKEN: CANARY_TOKEN, ...environment, HOST: '0.0.0.0' });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      ({ message } = error as Error);
    }
    expect(message).toContain('problems');
    expect(message).not.toContain(SECRET);
  });
});

test.each([
  ['redis://:pass@cache.example:6380/3', 'redis cache.example:6380'],
  ['rediss://a,b', 'rediss cluster a:6379, b:6379'],
  ['redis://a,b?sentinel=main', 'redis sentinel a:26379, b:26379'],
])('%s is described as %s', (text, expected) => {
  expect(describeRedis(parseRedisLocation(text) as RedisLocation)).toBe(expected);
});
