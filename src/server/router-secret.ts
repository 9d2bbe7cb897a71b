import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether the value of a `Router-Authorization` header is the secret of this subgraph. */
export type IsRouter = (routerAuthorization: string | null | undefined) => boolean;

/** Digests have one length, so that the comparison takes the same time whatever was sent. Without a secret nobody is a router. */
export function createIsRouter(secret: string | undefined): IsRouter {
  if (secret === undefined) return () => false;
  const expected = digestOf(secret);
  return (given) => timingSafeEqual(digestOf(given ?? ''), expected);
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
