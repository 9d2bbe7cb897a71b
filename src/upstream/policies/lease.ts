import type { Policy } from '../../domain/link-index.ts';
import { UpstreamError } from '../../domain/upstream-error.ts';
import { LEASE_LOST } from '../../domain/verdicts.ts';

/** Extends the lease of a purchase before each attempt, and makes no attempt that another replica has taken over. */
export function extendLease(clock: () => number): Policy {
  return (next) => ({
    async read(key, options) {
      const isHeld = options.lease === undefined || (await options.lease.extend());
      if (isHeld) return next.read(key, options);
      return { kind: 'failure', error: new UpstreamError(LEASE_LOST), failedAtMs: clock() };
    },
  });
}
