import { isLoopbackHost } from '../server/http/browser-guard.ts';
import type { Environment } from './environment.ts';
import type { Variables } from './variables.ts';

/**
 * What makes no sense, or is dangerous, only when several variables are seen together. A variable
 * that could not be read is missing from `variables`, and takes part in no rule.
 */
export function contradictionsIn(env: Environment, variables: Partial<Variables>): readonly string[] {
  const isSet = (name: string) => env[name] !== undefined;
  const { HOST: host, JUSTONEAPI_ENVIRONMENT: environment, ALLOW_ANONYMOUS: allowAnonymous } = variables;
  const problems: string[] = [];
  const hasToken = isSet('JUSTONEAPI_TOKEN') || isSet('JUSTONEAPI_TOKEN_FILE');
  const isLoopback = host === undefined || isLoopbackHost(host);
  const isRedis = /^rediss?:/.test(env['CACHE_STORE'] ?? '');

  if (isSet('JUSTONEAPI_TOKEN') && isSet('JUSTONEAPI_TOKEN_FILE')) {
    problems.push('JUSTONEAPI_TOKEN: expected not to be set together with JUSTONEAPI_TOKEN_FILE');
  }
  if (environment === 'sandbox' && isSet('JUSTONEAPI_BASE_URL')) {
    problems.push(
      'JUSTONEAPI_BASE_URL: expected not to be set where JUSTONEAPI_ENVIRONMENT=sandbox asks the built-in upstream',
    );
  }
  // A secret that failed to arrive must never be answered with invented scores.
  const reasons = [
    ...(isLoopback ? [] : ['HOST is not a loopback address']),
    ...['JUSTONEAPI_ENVIRONMENT', 'JUSTONEAPI_BASE_URL', 'CLIENT_KEYS_FILE']
      .filter(isSet)
      .map((name) => `${name} is set`),
    ...(isRedis ? ['CACHE_STORE is a Redis store'] : []),
  ];
  if (!hasToken && environment !== 'sandbox' && reasons.length > 0) {
    problems.push(
      `JUSTONEAPI_TOKEN: expected the account's token, or its file in JUSTONEAPI_TOKEN_FILE, because ${reasons.join(' and ')}; for synthetic answers set JUSTONEAPI_ENVIRONMENT=sandbox`,
    );
  }
  const { WORKERS: workers = 1, UPSTREAM_MAX_CONCURRENT: maxConcurrent = workers } = variables;
  if (workers > 1 && !isRedis) {
    problems.push('WORKERS: expected 1, or a CACHE_STORE of redis://… that the workers share as replicas do');
  }
  if (workers > maxConcurrent) {
    problems.push(`UPSTREAM_MAX_CONCURRENT: expected at least one call for each of the ${workers} workers (WORKERS)`);
  }
  if (variables.TRUSTED_DOCUMENTS_ONLY && !isSet('TRUSTED_DOCUMENTS_FILE')) {
    problems.push(
      'TRUSTED_DOCUMENTS_FILE: expected the manifest of documents that TRUSTED_DOCUMENTS_ONLY=true answers',
    );
  }
  if (!isLoopback && allowAnonymous === false && !isSet('CLIENT_KEYS_FILE')) {
    problems.push(
      "HOST: expected a loopback address such as 127.0.0.1, or CLIENT_KEYS_FILE, or ALLOW_ANONYMOUS=true: an open gateway spends its owner's balance",
    );
  }
  return problems;
}
