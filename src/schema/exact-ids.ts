import type { GraphQLError } from 'graphql';
import { badUserInput } from './errors.ts';

/**
 * Xingtu's ids have 19 digits, more than a JSON number carries in JavaScript. Rounded, one names another
 * KOL, and GraphQL's ID would take it: we would buy, and answer with, somebody else's scores.
 *
 * @returns the refusal of the request as a whole, or undefined
 */
export function refuseRoundedIds(
  variableValues: Readonly<Record<string, unknown>> | null | undefined,
): GraphQLError | undefined {
  for (const [name, value] of Object.entries(variableValues ?? {})) {
    if ((Array.isArray(value) ? value : [value]).some(hasLostDigits)) {
      return badUserInput(
        `Variable "$${name}" holds a number beyond 2^53, which JSON rounds: expected ids as strings.`,
      );
    }
  }
  return undefined;
}

function hasLostDigits(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}
