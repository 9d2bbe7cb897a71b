import { closest, distance } from 'fastest-levenshtein';
import { readTokenFile } from '../upstream/token-source.ts';
import type { Environment } from './environment.ts';
import { parseRedisLocation } from './redis-location.ts';
import { VARIABLES, type VariableName, type Variables } from './variables.ts';

export interface ReadVariables {
  /** Those that could be read; a malformed one is missing. */
  readonly variables: Partial<Variables>;
  /** A line for every malformed one: its name, what was expected and, unless it could be a secret, what came. */
  readonly problems: readonly string[];
}

/** Variables that are none of ours and look like one that was misspelt, a line for each. */
export interface Misspellings {
  /** Those that begin as limits of money and access do: a limit that is not read would not hold. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const MAY_HOLD_A_SECRET: ReadonlySet<string> = new Set([
  'JUSTONEAPI_TOKEN',
  'JUSTONEAPI_TOKEN_FILE',
  'JUSTONEAPI_BASE_URL',
  'CACHE_STORE',
  'SUBGRAPH_SECRET',
  'CLIENT_KEYS_FILE',
  'TRUSTED_DOCUMENTS_FILE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
]);

const LIMITS = /^(UPSTREAM_|JUSTONEAPI_|CACHE_|CLIENT_|BUDGET_|MAX_KOLS_|ALLOW_ANON)/;
/** Short names are near to too much, and `OTEL_…` has names that we do not read. */
const COMPARED = Object.keys(VARIABLES).filter((name) => name.length >= 10 && !name.startsWith('OTEL_'));
/** So many letters may be wrong, missing or too many; upper and lower case count as the same. */
const MAX_EDITS = 2;

/**
 * Finds what was meant to be one of our variables. It says their names and never what they hold, which may be a secret.
 *
 * @param env without the variables that are empty
 */
export function findMisspellings(env: Environment): Misspellings {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (Object.hasOwn(VARIABLES, name)) continue;
    const meant = closest(name.toUpperCase(), COMPARED);
    if (distance(name.toUpperCase(), meant) > MAX_EDITS) continue;
    const printed = /^\w+$/.test(name) ? name : JSON.stringify(name);
    const line = `${printed}: not a variable of this gateway; did you mean ${meant}?`;
    (LIMITS.test(name) ? problems : warnings).push(line);
  }
  return { problems, warnings };
}

/** Reads each variable on its own, so that one mistake does not hide another. */
export function readVariables(env: Environment): ReadVariables {
  const variables: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const result = VARIABLES[name].safeParse(env[name]);
    if (result.success) variables[name] = result.data;
    else problems.push(`${name}: ${result.error.issues[0]?.message}${whatCame(name, env)}`);
  }
  return { variables: variables as Partial<Variables>, problems };
}

/** A text that is, holds or is part of the token, or is long enough to be one, was perhaps put into the wrong variable. */
function whatCame(name: VariableName, env: Environment): string {
  const text = env[name] ?? '';
  const { password, sentinelPassword } = parseRedisLocation(env['CACHE_STORE'] ?? '') ?? {};
  const token = tokenInFile(env['JUSTONEAPI_TOKEN_FILE']);
  const secrets = [env['JUSTONEAPI_TOKEN'], token, env['SUBGRAPH_SECRET'], password, sentinelPassword];
  const mayBeSecret = secrets.some((secret) => secret && (secret.includes(text) || text.includes(secret)));
  return MAY_HOLD_A_SECRET.has(name) || text.length >= 16 || mayBeSecret ? '' : `, got ${JSON.stringify(text)}`;
}

function tokenInFile(path: string | undefined): string | undefined {
  try {
    return path && readTokenFile(path);
  } catch {
    return undefined;
  }
}
