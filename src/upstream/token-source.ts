import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { watchFileContent } from '../watched-file.ts';

/** The token itself, or the file that holds it. */
export type TokenOrigin = { readonly value: string } | { readonly path: string };

/** Where answers come from: the vendor, for money, or the built-in synthetic upstream. */
export type UpstreamTarget =
  | { readonly mode: 'live'; readonly baseUrl: string; readonly token: TokenOrigin }
  | { readonly mode: 'sandbox' };

export interface TokenSource {
  current(): string;
  close(): void;
}

export interface TokenSourceEvents {
  readonly onReloaded?: () => void;
  /** The file changed into something that holds no token; the last good one stays in use. */
  readonly onRejected?: () => void;
}

/** One line of visible ASCII characters without spaces: anything else is a mistake in how a secret was put there. */
export const TOKEN = /^[\x21-\x7e]+$/;

/** @throws TokenFileError when a file is given and holds no token */
export function openTokenSource(origin: TokenOrigin, events: TokenSourceEvents = {}): TokenSource {
  if ('value' in origin) return { current: () => origin.value, close: () => {} };
  return watchFileContent({
    path: origin.path,
    read: readTokenFile,
    onChange: events.onReloaded,
    onRejected: events.onRejected,
  });
}

/** @throws TokenFileError */
export function readTokenFile(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new TokenFileError(error instanceof Error && 'code' in error ? String(error.code) : 'unreadable');
  }
  if (!TOKEN.test(token)) throw new TokenFileError('its content is something else');
  return token;
}

/** Distinguishes accounts among replicas: 32 bits of a digest, from which the token cannot be recovered. */
export function accountOf(token: string): string {
  return createHash('sha256').update(`kol-gateway account\n${token}`).digest('hex').slice(0, 8);
}

/** Says what was expected; neither the content nor the path, which may be the token put into the wrong variable. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';

  constructor(problem: string) {
    super(`expected a readable file with the token in one line of visible ASCII characters (${problem})`);
  }
}
