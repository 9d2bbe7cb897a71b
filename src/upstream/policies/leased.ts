import type { LinkIndexSource } from '../../domain/link-index.ts';
import { UpstreamError } from '../../domain/upstream-error.ts';
import { LEASE_LOST } from '../../domain/verdicts.ts';

/** Makes the lease of a purchase last for each attempt, and makes no attempt that another replica has taken over. */
export function createLeased(source: LinkIndexSource, clock: () => number): LinkIndexSource {
  return {
    async read(key, options) {
      const isHeld = options.lease === undefined || (await options.lease.extend());
      if (isHeld) return source.read(key, options);
      return { kind: 'failure', error: new UpstreamError(LEASE_LOST), failedAtMs: clock() };
    },
  };
}
