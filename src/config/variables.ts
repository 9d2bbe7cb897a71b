import { z } from 'zod';
import { ENDPOINT_NAMES } from '../domain/link-index.ts';
import { isTimeZone } from '../domain/zone-days.ts';
import { readKeyFile } from '../server/clients/key-file.ts';
import { readTrustedDocuments } from '../server/graphql/trusted-documents.ts';
import { withoutDefaultPort } from '../server/http/browser-guard.ts';
import { readTokenFile, TOKEN } from '../upstream/token-source.ts';
import { parseRedisLocation, type RedisLocation } from './redis-location.ts';

const BOOLEAN = 'expected true or false';

function bool() {
  return z.enum(['true', 'false'], { error: BOOLEAN }).transform((text) => text === 'true');
}

function integer(min: number, max: number) {
  const expected = `expected an integer from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, expected)
    .transform(Number)
    .refine((number) => number >= min && number <= max, expected);
}

/** A decimal number of seconds, kept as milliseconds. The most is what a timer can hold: 2^31 ms, about 24 days. */
function seconds({ min = 0, max = 2_147_483 } = {}) {
  const expected = `expected a number of seconds from ${min} to ${max}, decimals allowed`;
  return z
    .string()
    .regex(/^\d{1,10}(\.\d{1,9})?$/, expected)
    .transform((text) => Math.round(Number(text) * 1000))
    .refine((ms) => ms >= min * 1000 && ms <= max * 1000, expected);
}

function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, { error: `expected ${names.join(', ').replace(/, ([^,]*)$/, ' or $1')}` });
}

const PER_SECOND = 'expected a number of calls per second above 0, at most 10000, decimals allowed';

const perSecond = z
  .string()
  .regex(/^\d{1,5}(\.\d{1,9})?$/, PER_SECOND)
  .transform(Number)
  .refine((number) => number > 0 && number <= 10_000, PER_SECOND);

/** Where paid answers outlive the process. */
export type StoreLocation =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'redis'; readonly location: RedisLocation };

const STORE =
  'expected memory:, sqlite:PATH, or redis://[user:password@]host[:port][/database] (rediss:// for TLS; several, separated by commas, for a Cluster, or with ?sentinel=NAME for its Sentinels)';

const cacheStore = z.string().transform((text, context): StoreLocation => {
  if (text === 'memory:') return { kind: 'memory' };
  if (/^sqlite:./s.test(text)) return { kind: 'sqlite', path: text.slice('sqlite:'.length) };
  const location = parseRedisLocation(text);
  if (location) return { kind: 'redis', location };
  context.addIssue(STORE);
  return z.NEVER;
});

const YEAR_SECONDS = 366 * 86_400;

const BASE_URL = 'expected an http:// or https:// URL without user, query or fragment';

const baseUrl = z
  .string()
  .refine(isBaseUrl, BASE_URL)
  .transform((text) => text.replace(/\/+$/, ''));

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#@\s]/.test(text);
}

const origins = z
  .string()
  .transform((list) => list.split(',').map((origin) => withoutDefaultPort(origin.trim())))
  .refine(
    (list) => list.every((origin) => URL.parse(origin)?.origin === origin && origin !== 'null'),
    'expected exact origins such as https://app.example, separated by commas; no path, no wildcard',
  );

/** Read once here, so that a missing or malformed file is one of the problems listed at start. */
function fileThat(read: (path: string) => unknown) {
  return z.string().superRefine((path, context) => {
    try {
      read(path);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });
}

const COLLECTOR = 'expected an http:// or https:// URL without query or fragment';

/** An OpenTelemetry collector; it may hold a password. */
const collectorUrl = z.string().refine((text) => /^https?:\/\/[^?#\s]+$/.test(text) && URL.canParse(text), COLLECTOR);

const ONE_WORD = 'expected one line of visible ASCII characters without spaces';

/** Every environment variable: how its text is read, and its default where that depends on nothing else. */
export const VARIABLES = {
  JUSTONEAPI_TOKEN: z.string().regex(TOKEN, ONE_WORD).optional(),
  JUSTONEAPI_TOKEN_FILE: fileThat(readTokenFile).optional(),
  JUSTONEAPI_ENVIRONMENT: oneOf(['prod-global', 'prod-cn', 'sandbox']).optional(),
  JUSTONEAPI_BASE_URL: baseUrl.optional(),
  JUSTONEAPI_ENDPOINT: oneOf([...ENDPOINT_NAMES, 'auto']).default('kol-link-info'),
  UPSTREAM_TIMEOUT_SECONDS: seconds({ min: 0.001 }).default(60_000),
  UPSTREAM_MAX_ATTEMPTS: integer(1, 100).default(3),
  UPSTREAM_MAX_CONCURRENT: integer(1, 10_000).default(32),
  UPSTREAM_MAX_PER_SECOND: perSecond.optional(),
  UPSTREAM_MAX_QUEUED: integer(0, 1_000_000).default(1000),
  UPSTREAM_DAILY_BUDGET: integer(0, 1_000_000_000).optional(),
  UPSTREAM_BALANCE_SECONDS: seconds({ min: 0.001 }).optional(),
  BUDGET_TIME_ZONE: z.string().refine(isTimeZone, 'expected an IANA name such as Asia/Shanghai').default('UTC'),
  REQUEST_WAIT_SECONDS: seconds().default(70_000),
  UPSTREAM_KEEP_ALIVE: bool().default(false),
  CACHE_MAX_ENTRIES: integer(1, 10_000_000).default(100_000),
  CACHE_FRESH_SECONDS: seconds({ max: YEAR_SECONDS }).default(3_600_000),
  CACHE_STALE_WHILE_REVALIDATE_SECONDS: seconds({ max: YEAR_SECONDS }).default(82_800_000),
  CACHE_STALE_IF_ERROR_SECONDS: seconds({ max: YEAR_SECONDS }).default(604_800_000),
  CACHE_STORE: cacheStore.optional(),
  REPLICAS: integer(1, 10_000).optional(),
  CACHE_NEGATIVE_SECONDS: seconds({ max: YEAR_SECONDS }).default(600_000),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/, 'expected a host name or an IP address')
    .default('127.0.0.1'),
  PORT: integer(0, 65_535).default(4000),
  WORKERS: integer(1, 64).default(1),
  ALLOW_ANONYMOUS: bool().default(false),
  CLIENT_KEYS_FILE: fileThat(readKeyFile).optional(),
  TRUSTED_DOCUMENTS_FILE: fileThat(readTrustedDocuments).optional(),
  TRUSTED_DOCUMENTS_ONLY: bool().default(false),
  SUBGRAPH_SECRET: z.string().regex(TOKEN, ONE_WORD).optional(),
  CORS_ORIGINS: origins.default([]),
  GRAPHIQL: bool().optional(),
  INTROSPECTION: bool().optional(),
  MAX_KOLS_PER_REQUEST: integer(1, 10_000).default(50),
  OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collectorUrl.optional(),
  // The standard's: what is not understood here is no mistake.
  OTEL_SDK_DISABLED: z
    .string()
    .transform((text) => text.trim().toLowerCase() === 'true')
    .default(false),
  OTEL_TRACES_EXPORTER: z.string().optional(),
  FAST_LANE: bool().default(true),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  SHUTDOWN_GRACE_SECONDS: seconds().default(75_000),
} as const;

export type VariableName = keyof typeof VARIABLES;
export type Variables = { readonly [Name in VariableName]: z.output<(typeof VARIABLES)[Name]> };
