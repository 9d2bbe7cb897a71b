import type { Lifetimes } from '../cache/entry.ts';
import type { EndpointName } from '../domain/link-index.ts';
import { isLoopbackHost } from '../server/http/browser-guard.ts';
import type { UpstreamTarget } from '../upstream/token-source.ts';
import { contradictionsIn } from './contradictions.ts';
import type { Environment } from './environment.ts';
import { findMisspellings, readVariables } from './read-variables.ts';
import type { StoreLocation, Variables } from './variables.ts';

export interface Config {
  readonly upstream: {
    readonly target: UpstreamTarget;
    readonly endpoint: EndpointName | 'auto';
    readonly timeoutMs: number;
    readonly maxAttempts: number;
    /** Calls in flight of one process: each worker has its share. */
    readonly maxConcurrent: number;
    /** Undefined is no limit. */
    readonly maxPerSecond: number | undefined;
    readonly maxQueued: number;
    /** Billed calls per day of `budgetTimeZone`; undefined is no limit, 0 buys nothing. */
    readonly dailyBudget: number | undefined;
    /** The IANA name of the zone whose midnight begins the day of every budget. */
    readonly budgetTimeZone: string;
    readonly keepAlive: boolean;
    /** How often the account's balance is read; undefined: never. */
    readonly balanceIntervalMs: number | undefined;
  };
  /** How many processes share the budget, for when the shared store is unavailable; undefined where it is not configured. */
  readonly replicas: number | undefined;
  /** Processes of this machine behind the one port, each a replica; 1 is this process alone. */
  readonly workers: number;
  readonly cache: {
    readonly maxEntries: number;
    readonly lifetimes: Lifetimes;
    readonly store: StoreLocation;
  };
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly corsOrigins: readonly string[];
    readonly graphiql: boolean;
    /** Whether clients with the scope `introspect` may read the schema over the wire. */
    readonly introspection: boolean;
    /** Undefined where no keys are configured. */
    readonly clientKeysFile: string | undefined;
    readonly allowAnonymous: boolean;
    readonly trustedDocuments: { readonly path: string; readonly only: boolean } | undefined;
    /** Undefined: every client may ask for entities and the SDL for composition. */
    readonly subgraphSecret: string | undefined;
    readonly maxKolsPerRequest: number;
    /** Whether queries that yoga has answered before are answered by plans. */
    readonly hasFastLane: boolean;
    /** The longest that a request waits for the upstream. */
    readonly requestWaitMs: number;
    readonly shutdownGraceMs: number;
  };
  /** Where traces are posted to, path included; undefined where none are made. */
  readonly tracesUrl: string | undefined;
  readonly logLevel: Variables['LOG_LEVEL'];
  /** What is allowed but deserves a line at start. */
  readonly warnings: readonly string[];
}

/** Every problem of a configuration in one message, with no secret in it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(problems: readonly string[]) {
    super(['The configuration has problems:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

const DEFAULT_STORE: StoreLocation = { kind: 'sqlite', path: '.kol-gateway/cache.sqlite' };

const BASE_URLS = { 'prod-global': 'https://api.justoneapi.com', 'prod-cn': 'http://47.117.133.51:30015' } as const;

/**
 * Reads the whole configuration from environment variables; an empty string means unset.
 * @throws ConfigurationError that lists every problem
 */
export function parseConfig(environment: Environment): Config {
  const env = withoutEmpty(environment);
  const { variables, problems } = readVariables(env);
  const misspellings = findMisspellings(env);
  const all = [...problems, ...misspellings.problems, ...contradictionsIn(env, variables)];
  if (all.length > 0) throw new ConfigurationError(all);
  return toConfig(variables as Variables, misspellings.warnings);
}

function toConfig(variables: Variables, warnings: readonly string[]): Config {
  const target = targetOf(variables);
  const isLoopback = isLoopbackHost(variables.HOST);
  return {
    upstream: {
      target,
      endpoint: variables.JUSTONEAPI_ENDPOINT,
      timeoutMs: variables.UPSTREAM_TIMEOUT_SECONDS,
      maxAttempts: variables.UPSTREAM_MAX_ATTEMPTS,
      maxConcurrent: Math.floor(variables.UPSTREAM_MAX_CONCURRENT / variables.WORKERS),
      maxPerSecond: variables.UPSTREAM_MAX_PER_SECOND,
      maxQueued: variables.UPSTREAM_MAX_QUEUED,
      dailyBudget: variables.UPSTREAM_DAILY_BUDGET,
      budgetTimeZone: variables.BUDGET_TIME_ZONE,
      keepAlive: variables.UPSTREAM_KEEP_ALIVE,
      balanceIntervalMs: variables.UPSTREAM_BALANCE_SECONDS,
    },
    replicas: variables.REPLICAS,
    workers: variables.WORKERS,
    cache: {
      maxEntries: variables.CACHE_MAX_ENTRIES,
      lifetimes: {
        freshMs: variables.CACHE_FRESH_SECONDS,
        staleWhileRevalidateMs: variables.CACHE_STALE_WHILE_REVALIDATE_SECONDS,
        staleIfErrorMs: variables.CACHE_STALE_IF_ERROR_SECONDS,
        negativeMs: variables.CACHE_NEGATIVE_SECONDS,
      },
      store: variables.CACHE_STORE ?? (target.mode === 'sandbox' ? { kind: 'memory' } : DEFAULT_STORE),
    },
    server: {
      host: variables.HOST,
      port: variables.PORT,
      corsOrigins: variables.CORS_ORIGINS,
      graphiql: variables.GRAPHIQL ?? isLoopback,
      introspection: variables.INTROSPECTION ?? (isLoopback || variables.CLIENT_KEYS_FILE !== undefined),
      clientKeysFile: variables.CLIENT_KEYS_FILE,
      allowAnonymous: variables.ALLOW_ANONYMOUS,
      trustedDocuments:
        variables.TRUSTED_DOCUMENTS_FILE === undefined
          ? undefined
          : { path: variables.TRUSTED_DOCUMENTS_FILE, only: variables.TRUSTED_DOCUMENTS_ONLY },
      subgraphSecret: variables.SUBGRAPH_SECRET,
      maxKolsPerRequest: variables.MAX_KOLS_PER_REQUEST,
      hasFastLane: variables.FAST_LANE,
      requestWaitMs: variables.REQUEST_WAIT_SECONDS,
      shutdownGraceMs: variables.SHUTDOWN_GRACE_SECONDS,
    },
    tracesUrl: tracesUrlOf(variables),
    logLevel: variables.LOG_LEVEL,
    warnings: [...warningsOf(target, variables), ...warnings],
  };
}

function targetOf(variables: Variables): UpstreamTarget {
  const { JUSTONEAPI_TOKEN: value, JUSTONEAPI_TOKEN_FILE: path, JUSTONEAPI_ENVIRONMENT: environment } = variables;
  const token = value !== undefined ? { value } : path !== undefined ? { path } : undefined;
  if (environment === 'sandbox' || token === undefined) return { mode: 'sandbox' };
  return { mode: 'live', baseUrl: variables.JUSTONEAPI_BASE_URL ?? BASE_URLS[environment ?? 'prod-global'], token };
}

function tracesUrlOf(variables: Variables): string | undefined {
  if (variables.OTEL_SDK_DISABLED || variables.OTEL_TRACES_EXPORTER === 'none') return undefined;
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesUrl, OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl } = variables;
  return tracesUrl ?? collectorUrl?.replace(/\/*$/, '/v1/traces');
}

const RECOMMENDED_TIMEOUT_MS = 60_000;
const RECOMMENDED_BALANCE_MS = 60_000;

function warningsOf(target: UpstreamTarget, variables: Variables): readonly string[] {
  const warnings: string[] = [];
  if (
    target.mode === 'live' &&
    target.baseUrl.startsWith('http:') &&
    !isLoopbackHost(new URL(target.baseUrl).hostname)
  ) {
    warnings.push('The upstream is asked over plain HTTP: the token travels in clear text.');
  }
  if (variables.UPSTREAM_TIMEOUT_SECONDS < RECOMMENDED_TIMEOUT_MS) {
    warnings.push('UPSTREAM_TIMEOUT_SECONDS is below 60: a call that is given up may still be billed.');
  }
  if ((variables.UPSTREAM_BALANCE_SECONDS ?? RECOMMENDED_BALANCE_MS) < RECOMMENDED_BALANCE_MS) {
    warnings.push('UPSTREAM_BALANCE_SECONDS is below 60: the vendor does not say that reading the balance is free.');
  }
  return warnings;
}

function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, text]) => text !== ''));
}
