import { hash, timingSafeEqual } from 'node:crypto';

/** The SHA-256 digest of a secret: what is kept of it, and what is compared. */
export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Digests have one length, so that the comparison takes the same time whatever was sent. */
export function isSameDigest(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(one, other);
}

/** Whether the value of a `Router-Authorization` header is the secret of this subgraph. */
export type IsRouter = (routerAuthorization: string | null | undefined) => boolean;

/** Without a secret no request counts as a router's. */
export function createIsRouter(secret: string | undefined): IsRouter {
  if (secret === undefined) return () => false;
  const expected = digestOf(secret);
  return (given) => isSameDigest(digestOf(given ?? ''), expected);
}
