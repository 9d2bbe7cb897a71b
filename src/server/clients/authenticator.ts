import type { IncomingHttpHeaders } from 'node:http';
import { watchFileContent } from '../../watched-file.ts';
import type { Refusal } from '../http/reply.ts';
import { ANONYMOUS, type Client, LOCAL } from './client.ts';
import { readKeyFile } from './key-file.ts';

export interface DoorOptions {
  /** Undefined where no keys are configured. */
  readonly keyFile: string | undefined;
  /** Lets requests without a key in. */
  readonly allowAnonymous: boolean;
  readonly onReloaded?: () => void;
  /** The file changed into something that is no key file; the last good keys stay in use. */
  readonly onRejected?: (error: unknown) => void;
}

/** Who is let in. */
export interface Door {
  admit(headers: IncomingHttpHeaders): Client | Refusal;
  /** Who comes without a key; undefined where nobody may. */
  readonly stranger: Client | undefined;
  close(): void;
}

const BEARER = /^Bearer\s+/i;

/** @throws JsonFileError when the key file is none at the start */
export function openDoor({ keyFile, allowAnonymous, onReloaded, onRejected }: DoorOptions): Door {
  const keys =
    keyFile === undefined
      ? undefined
      : watchFileContent({ path: keyFile, read: readKeyFile, onChange: onReloaded, onRejected });
  const stranger = allowAnonymous ? ANONYMOUS : keys ? undefined : LOCAL;

  return {
    admit({ authorization = '', 'x-api-key': apiKey = '' }) {
      // Another scheme than Bearer is somebody's key all the same, and none of ours.
      const bearer = authorization.replace(BEARER, '').trim();
      const key = String(apiKey).trim();
      if (!keys || (bearer === '' && key === '')) {
        return stranger ?? unauthenticated('expected a client key, as "Authorization: Bearer KEY" or "x-api-key: KEY"');
      }
      if (bearer !== '' && key !== '' && bearer !== key)
        return unauthenticated('expected one client key, got two that differ');
      return keys.current().clientOf(bearer || key) ?? unauthenticated('expected a client key that is known here');
    },
    stranger,
    close: () => keys?.close(),
  };
}

function unauthenticated(what: string): Refusal {
  return { httpStatus: 401, code: 'UNAUTHENTICATED', message: `Not let in: ${what}.` };
}

export function isRefusal(admitted: Client | Refusal): admitted is Refusal {
  return 'httpStatus' in admitted;
}
