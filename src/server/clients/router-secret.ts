import { digestOf, isSameDigest } from './secret-digest.ts';

/** Whether the value of a `Router-Authorization` header is the secret of this subgraph. */
export type IsRouter = (routerAuthorization: string | null | undefined) => boolean;

/** Without a secret nobody is a router. */
export function createIsRouter(secret: string | undefined): IsRouter {
  if (secret === undefined) return () => false;
  const expected = digestOf(secret);
  return (given) => isSameDigest(digestOf(given ?? ''), expected);
}
