import type { Plugin } from 'graphql-yoga';
import type { GraphqlCall } from './call.ts';
import { badRequest } from './errors.ts';

/** A list of entities nests 3 levels: variables, list, representation. */
const MAX_LEVELS = 32;

/** Refuses parameters of another type or depth than everything after this takes them for. */
export function checkParameters(): Plugin<{ call: GraphqlCall }> {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          // Yoga would let the JSON parser's own error through as a fault of ours.
          if (!(error instanceof SyntaxError)) throw error;
          throw badRequest('"variables" and "extensions": expected JSON objects.');
        }
      });
    },
    onParams({ params: { query, operationName, variables, extensions } }) {
      if (!isTextOrMissing(query)) throw badRequest('"query": expected a string.');
      if (!isTextOrMissing(operationName)) throw badRequest('"operationName": expected a string.');
      // Unlike the JSON parser, everything that reads variables and extensions walks through them recursively.
      if (isDeeperThan(MAX_LEVELS, variables) || isDeeperThan(MAX_LEVELS, extensions)) {
        throw badRequest(`"variables" and "extensions": expected JSON of at most ${MAX_LEVELS} levels.`);
      }
    },
  };
}

function isTextOrMissing(value: unknown): boolean {
  return typeof value === 'string' || value === undefined || value === null;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const values: unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const each of values) if (typeof each === 'object' && isDeeperThan(levels - 1, each)) return true;
  return false;
}
