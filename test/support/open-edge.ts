import { systemTimers } from '../../src/domain/time.ts';
import { createAuthenticator } from '../../src/server/clients/authenticator.ts';
import { createRates } from '../../src/server/clients/rates.ts';

/** The part of an HTTP edge that accepts every request, and has no ops routes and no pages. */
export const OPEN_EDGE = {
  authenticator: createAuthenticator({ keyFile: undefined, allowAnonymous: false }),
  rates: createRates({ clock: Date.now, timers: systemTimers }),
  opsRoutes: {},
  pages: undefined,
} as const;
