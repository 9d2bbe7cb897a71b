import type { IncomingHttpHeaders } from 'node:http';
import { watchFileContent } from '../../watched-file.ts';
import type { Refusal } from '../http/exchange.ts';
import { ANONYMOUS, type Client, LOCAL } from './client.ts';
import { readKeyFile } from './key-file.ts';

export interface AuthenticatorOptions {
  /** Undefined where no keys are configured. */
  readonly keyFile: string | undefined;
  /** Whether requests without a key are accepted, as client `anonymous`. */
  readonly allowAnonymous: boolean;
  readonly onReloaded?: () => void;
  /** The file changed into something that is no key file; the last good keys stay in use. */
  readonly onRejected?: (error: unknown) => void;
}

/** Decides which client sends a request. */
export interface Authenticator {
  authenticate(headers: IncomingHttpHeaders): Client | Refusal;
  /** The client of requests without a key; undefined where they are refused. */
  readonly anonymousClient: Client | undefined;
  close(): void;
}

const BEARER = /^Bearer\s+/i;

/** @throws JsonFileError when the key file is none at the start */
export function createAuthenticator({
  keyFile,
  allowAnonymous,
  onReloaded,
  onRejected,
}: AuthenticatorOptions): Authenticator {
  const keys =
    keyFile === undefined
      ? undefined
      : watchFileContent({ path: keyFile, read: readKeyFile, onChange: onReloaded, onRejected });
  const anonymousClient = allowAnonymous ? ANONYMOUS : keys ? undefined : LOCAL;

  return {
    authenticate({ authorization = '', 'x-api-key': apiKey = '' }) {
      // A key under another scheme is a key that is not known here, and not a request without one.
      const bearer = authorization.replace(BEARER, '').trim();
      const key = String(apiKey).trim();
      if (!keys || (bearer === '' && key === '')) {
        return (
          anonymousClient ??
          unauthenticated('expected a client key, as "Authorization: Bearer KEY" or "x-api-key: KEY"')
        );
      }
      if (bearer !== '' && key !== '' && bearer !== key)
        return unauthenticated('expected one client key, got two that differ');
      return keys.current().clientOf(bearer || key) ?? unauthenticated('expected a client key that is known here');
    },
    anonymousClient,
    close: () => keys?.close(),
  };
}

function unauthenticated(what: string): Refusal {
  return { httpStatus: 401, code: 'UNAUTHENTICATED', message: `Unauthenticated: ${what}.` };
}

export function isRefusal(admitted: Client | Refusal): admitted is Refusal {
  return 'httpStatus' in admitted;
}
