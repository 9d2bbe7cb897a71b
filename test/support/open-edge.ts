import { systemTimers } from '../../src/domain/time.ts';
import { openDoor } from '../../src/server/clients/authenticator.ts';
import { createRates } from '../../src/server/clients/rates.ts';

/** The part of an HTTP edge that lets everybody in, and shows no windows and no pages. */
export const OPEN_EDGE = {
  door: openDoor({ keyFile: undefined, allowAnonymous: false }),
  rates: createRates({ clock: Date.now, timers: systemTimers }),
  windows: {},
  pages: undefined,
} as const;
