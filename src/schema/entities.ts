import type { GraphQLError } from 'graphql';
import { badUserInput } from './errors.ts';
import type { EntityResolvers } from './federation.ts';
import { kolOrError } from './kol.ts';

/** An entity of this subgraph as a router names it: any JSON value, until `refuseForeignEntities` has seen it. */
export type Representation = { readonly __typename: 'Kol'; readonly id: unknown };

/** A bad id becomes an Error value, so that it takes its own place and harms no other representation. */
export const entityResolvers: EntityResolvers = {
  Kol: ({ id }: Representation) => kolOrError(toId(id)),
};

/**
 * The federation library throws at a type that it does not know when it has begun with the other representations:
 * nobody would await their promises, and a rejected one would end the process.
 */
export function refuseForeignEntities(representations: readonly unknown[]): GraphQLError | undefined {
  return representations.every((value) => (value as Partial<Representation> | null)?.__typename === 'Kol')
    ? undefined
    : badUserInput('A representation that is none of a Kol: expected {"__typename": "Kol", "id": …}.');
}

/** The ids of representations that are all of KOLs. */
export function entityIdsOf(representations: readonly unknown[]): string[] {
  return representations.map((value) => toId((value as Representation).id));
}

/** As GraphQL coerces an ID. What is none, or a number that JSON has rounded, becomes a text that no KOL is named by. */
function toId(id: unknown): string {
  if (typeof id === 'string') return id;
  return Number.isSafeInteger(id) ? String(id) : JSON.stringify([id]);
}
