import type { GraphResult, TestGateway } from '../support/test-gateway.ts';

export const ENTITIES = /* GraphQL */ `
  query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on Kol {
        id
        linkIndex {
          star {
            value
          }
        }
      }
    }
  }
`;

/** A KOL as a router names it. */
export function kol(id: unknown): object {
  return { __typename: 'Kol', id };
}

/** Asks as a router does. */
export async function askEntities(
  gateway: TestGateway,
  representations: unknown,
  { query = ENTITIES, headers = {} }: { query?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<GraphResult<{ readonly _entities: readonly unknown[] }> & { readonly httpStatus: number }> {
  const response = await gateway.post({ query, variables: { representations } }, { headers });
  return { httpStatus: response.status, ...((await response.json()) as object) };
}
