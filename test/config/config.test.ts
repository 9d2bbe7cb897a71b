import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigurationError, parseConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { CANARY_TOKEN } from '../support/test-gateway.ts';

function problemsOf(environment: Environment): string {
  try {
    parseConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  throw new Error('expected the configuration to be refused');
}

describe('defaults', () => {
  test('nothing set means sandbox mode on loopback, with the documented numbers', () => {
    expect(parseConfig({})).toEqual({
      upstream: {
        target: { mode: 'sandbox' },
        endpoint: 'kol-link-info',
        timeoutMs: 60_000,
        keepAlive: false,
        maxAttempts: 3,
        maxConcurrent: 32,
        maxPerSecond: undefined,
        maxQueued: 1000,
        dailyBudget: undefined,
        budgetTimeZone: 'UTC',
      },
      cache: {
        maxEntries: 100_000,
        lifetimes: {
          freshMs: 3_600_000,
          staleWhileRevalidateMs: 82_800_000,
          staleIfErrorMs: 604_800_000,
          negativeMs: 600_000,
        },
        store: { kind: 'memory' },
      },
      server: {
        host: '127.0.0.1',
        port: 4000,
        corsOrigins: [],
        graphiql: true,
        introspection: true,
        clientKeysFile: undefined,
        allowAnonymous: false,
        trustedDocuments: undefined,
        maxKolsPerRequest: 50,
        hasFastLane: true,
        requestWaitMs: 70_000,
        shutdownGraceMs: 75_000,
      },
      workers: 1,
      logLevel: 'info',
      warnings: [],
    });
  });

  test('an empty string means unset', () => {
    expect(parseConfig({ PORT: '', JUSTONEAPI_TOKEN: '', JUSTONEAPI_TOKEN_FILE: '', GRAPHIQL: '' })).toEqual(
      parseConfig({}),
    );
  });

  test('a token means the real service, in the environment that is named', () => {
    const target = (environment: Environment) => parseConfig(environment).upstream.target;
    const token = { value: CANARY_TOKEN };
    expect(target({ JUSTONEAPI_TOKEN: CANARY_TOKEN })).toEqual({
      mode: 'live',
      baseUrl: 'https://api.justoneapi.com',
      token,
    });
    expect(target({ JUSTONEAPI_TOKEN: CANARY_TOKEN, JUSTONEAPI_ENVIRONMENT: 'prod-cn' })).toEqual({
      mode: 'live',
      baseUrl: 'http://47.117.133.51:30015',
      token,
    });
    expect(target({ JUSTONEAPI_TOKEN: CANARY_TOKEN, JUSTONEAPI_BASE_URL: 'http://127.0.0.1:1/proxy/' })).toEqual({
      mode: 'live',
      baseUrl: 'http://127.0.0.1:1/proxy',
      token,
    });
  });

  test('seconds accept decimals', () => {
    expect(parseConfig({ CACHE_FRESH_SECONDS: '0.25' }).cache.lifetimes.freshMs).toBe(250);
  });

  test('GraphiQL and introspection are off on a host that others can reach, unless asked for', () => {
    const open = { HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'true', JUSTONEAPI_TOKEN: CANARY_TOKEN };
    expect(parseConfig(open).server).toMatchObject({ graphiql: false, introspection: false });
    expect(parseConfig({ ...open, GRAPHIQL: 'true' }).server).toMatchObject({ graphiql: true, introspection: false });
  });
});

describe('refusals', () => {
  test('every problem is in one message', () => {
    const message = problemsOf({ PORT: 'http', GRAPHIQL: 'yes', CACHE_FRESH_SECONDS: '-1', HOST: '0.0.0.0' });
    expect(message.split('\n')).toEqual([
      'The configuration has problems:',
      expect.stringContaining('CACHE_FRESH_SECONDS: expected a number of seconds'),
      '  PORT: expected an integer from 0 to 65535, got "http"',
      '  GRAPHIQL: expected true or false, got "yes"',
      expect.stringContaining('JUSTONEAPI_TOKEN: expected'),
      expect.stringContaining('HOST: expected a loopback address'),
    ]);
  });

  test.each([
    ['JUSTONEAPI_ENVIRONMENT', 'prod'],
    ['JUSTONEAPI_BASE_URL', 'ftp://host'],
    ['JUSTONEAPI_BASE_URL', 'https://user:pass@host'],
    ['JUSTONEAPI_BASE_URL', 'https://host/?token=x'],
    ['JUSTONEAPI_ENDPOINT', 'latest'],
    ['UPSTREAM_TIMEOUT_SECONDS', '0'],
    ['UPSTREAM_TIMEOUT_SECONDS', '1e3'],
    ['UPSTREAM_TIMEOUT_SECONDS', 'NaN'],
    ['UPSTREAM_BALANCE_SECONDS', '0'],
    ['UPSTREAM_BALANCE_SECONDS', '5m'],
    ['UPSTREAM_BALANCE_SECONDS', '2147484'],
    ['UPSTREAM_KEEP_ALIVE', '1'],
    ['CACHE_MAX_ENTRIES', '0'],
    ['CACHE_NEGATIVE_SECONDS', '10m'],
    ['HOST', 'local host'],
    ['PORT', '65536'],
    ['PORT', '4000.5'],
    ['ALLOW_ANONYMOUS', 'TRUE'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://app.example/'],
    ['CORS_ORIGINS', 'https://app.example,app2.example'],
    ['INTROSPECTION', 'on'],
    ['MAX_KOLS_PER_REQUEST', '-5'],
    ['LOG_LEVEL', 'verbose'],
    ['SHUTDOWN_GRACE_SECONDS', ''.padEnd(12, '9')],
  ])('%s=%s is refused by name', (name, value) => {
    expect(problemsOf({ [name]: value })).toContain(`  ${name}: expected`);
  });

  test.each<[string, Environment]>([
    ['HOST is not a loopback address', { HOST: '192.168.1.5', ALLOW_ANONYMOUS: 'true' }],
    ['JUSTONEAPI_BASE_URL is set', { JUSTONEAPI_BASE_URL: 'https://proxy.example' }],
    ['JUSTONEAPI_ENVIRONMENT is set', { JUSTONEAPI_ENVIRONMENT: 'prod-global' }],
    ['CLIENT_KEYS_FILE is set', { CLIENT_KEYS_FILE: 'keys.json' }],
    ['CACHE_STORE is a Redis store', { CACHE_STORE: 'rediss://cache.example' }],
  ])('a missing token is a mistake where %s', (reason, environment) => {
    expect(problemsOf(environment)).toContain(`JUSTONEAPI_TOKEN: expected the account's token`);
    expect(problemsOf(environment)).toContain(reason);
  });

  test('sandbox mode on an open host needs both to be said', () => {
    const environment = { HOST: '0.0.0.0', JUSTONEAPI_ENVIRONMENT: 'sandbox' };
    expect(problemsOf(environment)).toContain('HOST: expected');
    expect(parseConfig({ ...environment, ALLOW_ANONYMOUS: 'true' }).upstream.target.mode).toBe('sandbox');
  });

  test('sandbox mode and another upstream contradict each other', () => {
    expect(problemsOf({ JUSTONEAPI_ENVIRONMENT: 'sandbox', JUSTONEAPI_BASE_URL: 'http://127.0.0.1:1' })).toContain(
      'JUSTONEAPI_BASE_URL: expected not to be set',
    );
  });

  test.each(['localhost', '127.0.0.1', '127.9.9.9', '::1'])('%s is a loopback host', (host) => {
    expect(parseConfig({ HOST: host }).upstream.target.mode).toBe('sandbox');
  });

  test('TRUSTED_DOCUMENTS_ONLY without documents would answer nothing', () => {
    expect(problemsOf({ TRUSTED_DOCUMENTS_ONLY: 'true' })).toContain('TRUSTED_DOCUMENTS_FILE: expected the manifest');
  });

  test("the router's secret is one word, and is printed nowhere", () => {
    expect(parseConfig({ SUBGRAPH_SECRET: 's3cr3t' }).server.subgraphSecret).toBe('s3cr3t');
    expect(parseConfig({ SUBGRAPH_SECRET: '' }).server.subgraphSecret).toBeUndefined();
    const problems = problemsOf({ SUBGRAPH_SECRET: 's3cr3t with spaces', LOG_LEVEL: 's3cr3t' });
    expect(problems).toContain('SUBGRAPH_SECRET: expected one line of visible ASCII characters without spaces');
    expect(problems).not.toContain('s3cr3t');
  });

  test('a short secret in the wrong variable is not printed', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'kol-gateway-')), 'token');
    writeFileSync(path, 's3cr3t-tok');
    expect(problemsOf({ JUSTONEAPI_TOKEN_FILE: path, LOG_LEVEL: 's3cr3t-tok' })).not.toContain('s3cr3t');
  });
});

describe('a variable that is none of ours', () => {
  const SECRET = 'hunter2-canary';

  test.each([
    ['UPSTREAM_DAILY_BUDGT', 'UPSTREAM_DAILY_BUDGET'],
    ['UPSTREAM_DAILY_BUDGETS', 'UPSTREAM_DAILY_BUDGET'],
    ['UPSTREAM_DIALY_BUDGET', 'UPSTREAM_DAILY_BUDGET'],
    ['UPSTREAM_daily_budgt', 'UPSTREAM_DAILY_BUDGET'],
    ['UPSTREAM_MAX_PER_SECONDS', 'UPSTREAM_MAX_PER_SECOND'],
    ['JUSTONEAPI_TOKN', 'JUSTONEAPI_TOKEN'],
    ['CACHE_STORES', 'CACHE_STORE'],
    ['CACHE_STALE_WHILE_REVALIDAT_SECOND', 'CACHE_STALE_WHILE_REVALIDATE_SECONDS'],
    ['CLIENT_KEY_FILE', 'CLIENT_KEYS_FILE'],
    ['MAX_KOLS_PER_REQUESTS', 'MAX_KOLS_PER_REQUEST'],
    ['ALLOW_ANONYMUS', 'ALLOW_ANONYMOUS'],
  ])('%s begins like a limit, and is refused where it is near to one', (name, meant) => {
    const env = { [name]: SECRET, PORT: 'http' };
    const lines = problemsOf(env).split('\n');
    expect(lines.slice(1)).toEqual([
      '  PORT: expected an integer from 0 to 65535, got "http"',
      `  ${name}: not a variable of this gateway; did you mean ${meant}?`,
    ]);
  });

  test.each([
    ['UPSTRAM_DAILY_BUDGET', 'UPSTREAM_DAILY_BUDGET'],
    ['upstream_daily_budget', 'UPSTREAM_DAILY_BUDGET'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['SUBGRAPH_SECRETS', 'SUBGRAPH_SECRET'],
    ['REQUEST_WAIT_SECOND', 'REQUEST_WAIT_SECONDS'],
    ['INTROSPECTON', 'INTROSPECTION'],
  ])('%s is warned about where it is near to any long name', (name, meant) => {
    expect(parseConfig({ [name]: SECRET }).warnings).toEqual([
      `${name}: not a variable of this gateway; did you mean ${meant}?`,
    ]);
  });

  test.each([
    ...['PROT', 'HOSTS', 'WORKER', 'REPLICA', 'FASTLANE', 'LOGLEVEL', 'GRAPHQL', 'GRAPHIQLS'],
    ...['OTEL_EXPORTER_OTLP_ENDPOINTS', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_TRACES_EXPORTERS'],
    ...[
      'CACHE_PORT',
      'CACHE_HOST',
      'CACHE_URL',
      'CACHE_DRIVER',
      'CACHE_SERVICE_HOST',
      'CACHE_STALE_WHILE_REVALIDATING_SECONDS',
      'CACHE_PORT_6379_TCP',
    ],
    ...['CLIENT_ID', 'CLIENT_SECRET', 'CLIENT_KEY', 'UPSTREAM_URL', 'UPSTREAM_SERVICE_PORT', 'BUDGET_FILE'],
    ...['ALLOW_ANONYMOUS_LOGIN', 'constructor', '__proto__', 'PATH'],
  ])('%s is too far, too short or of another standard, and is nothing to us', (name) => {
    expect(parseConfig({ [name]: SECRET }).warnings).toEqual([]);
  });

  test('counts as unset while it is empty', () => {
    expect(parseConfig({ UPSTREAM_DAILY_BUDGT: '', CORS_ORIGIN: '' }).warnings).toEqual([]);
  });

  test('is refused beside the one that was meant, and its name is printed on one line', () => {
    const env = { UPSTREAM_DAILY_BUDGET: '5', 'UPSTREAM_DAILY_BUDGET\n': SECRET };
    expect(problemsOf(env)).toBe(
      'The configuration has problems:\n  "UPSTREAM_DAILY_BUDGET\\n": not a variable of this gateway; did you mean UPSTREAM_DAILY_BUDGET?',
    );
  });
});

describe('the token', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kol-gateway-'));

  test('is read from a file, without the line break at its end', () => {
    const path = join(directory, 'token');
    writeFileSync(path, `${CANARY_TOKEN}\n`);
    expect(parseConfig({ JUSTONEAPI_TOKEN_FILE: path }).upstream.target).toMatchObject({
      mode: 'live',
      token: { path },
    });
  });

  test('in a missing or an empty file is one of the listed problems', () => {
    const path = join(directory, 'empty');
    writeFileSync(path, '\n');
    expect(problemsOf({ JUSTONEAPI_TOKEN_FILE: path })).toContain('JUSTONEAPI_TOKEN_FILE: expected a readable file');
    expect(problemsOf({ JUSTONEAPI_TOKEN_FILE: join(directory, 'missing'), PORT: 'x' })).toMatch(
      /JUSTONEAPI_TOKEN_FILE: expected a readable file.*\(ENOENT\)\n {2}PORT/,
    );
  });

  test('given twice is a contradiction', () => {
    const path = join(directory, 'token');
    expect(problemsOf({ JUSTONEAPI_TOKEN: CANARY_TOKEN, JUSTONEAPI_TOKEN_FILE: path })).toContain(
      'JUSTONEAPI_TOKEN: expected not to be set together with JUSTONEAPI_TOKEN_FILE',
    );
  });

  test.each<Environment>([
    { JUSTONEAPI_TOKEN: `${CANARY_TOKEN} with a space` },
    { JUSTONEAPI_TOKEN: CANARY_TOKEN, LOG_LEVEL: CANARY_TOKEN },
    { JUSTONEAPI_TOKEN_FILE: CANARY_TOKEN },
    { JUSTONEAPI_BASE_URL: `https://host/?token=${CANARY_TOKEN}` },
    { PORT: CANARY_TOKEN },
  ])('is never printed, wherever it was put (%#)', (environment) => {
    expect(problemsOf(environment)).not.toContain(CANARY_TOKEN.slice(0, 8));
  });
});

describe('warnings', () => {
  test('name plain HTTP to another machine and a short timeout', () => {
    expect(
      parseConfig({ JUSTONEAPI_TOKEN: 't', JUSTONEAPI_ENVIRONMENT: 'prod-cn', UPSTREAM_TIMEOUT_SECONDS: '59.9' })
        .warnings,
    ).toEqual([expect.stringContaining('clear text'), expect.stringContaining('UPSTREAM_TIMEOUT_SECONDS')]);
    expect(parseConfig({ JUSTONEAPI_TOKEN: 't', JUSTONEAPI_BASE_URL: 'http://127.0.0.1:9' }).warnings).toEqual([]);
  });
});

describe('UPSTREAM_BALANCE_SECONDS', () => {
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['300', 300_000],
    ['0.25', 250],
  ])('%j is an interval of %j ms', (UPSTREAM_BALANCE_SECONDS, intervalMs) => {
    expect(parseConfig({ UPSTREAM_BALANCE_SECONDS }).upstream.balanceIntervalMs).toBe(intervalMs);
  });

  test('below 60 is warned about, for the read may cost money', () => {
    expect(parseConfig({ UPSTREAM_BALANCE_SECONDS: '60' }).warnings).toEqual([]);
    expect(parseConfig({ UPSTREAM_BALANCE_SECONDS: '59.9' }).warnings).toEqual([
      'UPSTREAM_BALANCE_SECONDS is below 60: the vendor does not say that reading the balance is free.',
    ]);
  });

  test('misspelt stops the start', () => {
    expect(problemsOf({ UPSTREAM_BALANCE_SECOND: '300' })).toContain('did you mean UPSTREAM_BALANCE_SECONDS?');
  });
});

describe('workers', () => {
  const env = { JUSTONEAPI_TOKEN: CANARY_TOKEN, WORKERS: '3' };
  const overRedis = { ...env, CACHE_STORE: 'redis://127.0.0.1' };

  test.each([undefined, 'memory:', 'sqlite:some/file'])('above 1 need a Redis store, not %s', (CACHE_STORE) => {
    expect(problemsOf({ ...env, CACHE_STORE })).toBe(
      'The configuration has problems:\n  WORKERS: expected 1, or a CACHE_STORE of redis://… that the workers share as replicas do',
    );
  });

  test.each([
    ['32', 10],
    ['3', 1],
    ['5', 1],
  ])('of UPSTREAM_MAX_CONCURRENT=%s three have %i calls each', (UPSTREAM_MAX_CONCURRENT, each) => {
    expect(parseConfig({ ...overRedis, UPSTREAM_MAX_CONCURRENT }).upstream.maxConcurrent).toBe(each);
  });

  test('that are more than the calls in flight are refused', () => {
    expect(problemsOf({ ...overRedis, UPSTREAM_MAX_CONCURRENT: '2' })).toContain(
      '  UPSTREAM_MAX_CONCURRENT: expected at least one call for each of the 3 workers (WORKERS)',
    );
  });
});

test.each(['0', '65', '2.5', 'auto'])('WORKERS=%s is refused', (text) => {
  expect(problemsOf({ WORKERS: text })).toContain(`  WORKERS: expected an integer from 1 to 64, got "${text}"`);
});

describe('BUDGET_TIME_ZONE', () => {
  test.each(['Asia/Shanghai', 'UTC', 'America/Sao_Paulo', 'Etc/GMT+12', 'asia/kolkata'])('takes %s', (text) => {
    expect(parseConfig({ BUDGET_TIME_ZONE: text }).upstream.budgetTimeZone).toBe(text);
  });

  test.each(['Shanghai', '+08:00', 'UTC+8', '8'])('refuses %s, and says what was expected', (text) => {
    expect(problemsOf({ BUDGET_TIME_ZONE: text })).toContain(
      `  BUDGET_TIME_ZONE: expected an IANA name such as Asia/Shanghai, got "${text}"`,
    );
  });

  test('stops the start where its name is misspelt', () => {
    expect(problemsOf({ BUDGET_TIMEZONE: 'Asia/Shanghai' })).toContain('did you mean BUDGET_TIME_ZONE?');
  });
});
