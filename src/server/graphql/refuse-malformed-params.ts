import type { Plugin } from 'graphql-yoga';
import type { GraphqlCall } from '../http/reply.ts';
import { badRequest } from './bad-request.ts';

/** A list of entities nests 3 levels: variables, list, representation. */
const MAX_LEVELS = 32;

/**
 * Refuses parameters that are not what everybody after this takes them for. Other than the JSON parser, whoever reads
 * variables and extensions walks through them recursively.
 */
export function refuseMalformedParams(): Plugin<{ call: GraphqlCall }> {
  return {
    onParams({ params: { query, operationName, variables, extensions } }) {
      if (!isText(query)) throw badRequest('"query": expected a string.');
      if (!isText(operationName)) throw badRequest('"operationName": expected a string.');
      if (isDeeperThan(MAX_LEVELS, variables) || isDeeperThan(MAX_LEVELS, extensions)) {
        throw badRequest(`"variables" and "extensions": expected JSON of at most ${MAX_LEVELS} levels.`);
      }
    },
  };
}

/** Or nothing. */
function isText(value: unknown): boolean {
  return typeof value === 'string' || value === undefined || value === null;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const values: unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const each of values) if (typeof each === 'object' && isDeeperThan(levels - 1, each)) return true;
  return false;
}
