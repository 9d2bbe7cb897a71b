import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Letters that can forge no log line. */
const SAFE_ID = /^[\w.:/+=-]{1,128}$/;

/** The caller's `x-request-id` where it is one, so that its logs and ours can be joined; else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID();
}
