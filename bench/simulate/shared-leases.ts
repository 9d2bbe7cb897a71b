import type { Leases } from '../../src/cache/flights.ts';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import type { SharedMemory } from './shared-memory.ts';

export interface SharedLeasesOptions {
  readonly shared: SharedMemory;
  /** This replica. */
  readonly owner: string;
  /** Told of what any replica has bought. */
  readonly onBought: (cacheKey: string, outcome: LinkIndexOutcome) => void;
}

/** The leases of one replica among replicas of which none dies: a lease is held until it is given back. */
export function createSharedLeases({ shared, owner, onBought }: SharedLeasesOptions): Leases {
  const { leases } = shared;
  const awaited = new Map<string, PromiseWithResolvers<LinkIndexOutcome | undefined>>();
  let lastFlight = 0;

  shared.subscribe(({ cacheKey, token, outcome }) => {
    awaited.get(token)?.resolve(outcome);
    awaited.delete(token);
    if (outcome && outcome.kind !== 'failure') onBought(cacheKey, outcome);
  });

  return {
    async acquire(cacheKey, isForced) {
      lastFlight += 1;
      const own = { token: `${owner}:${lastFlight}`, isForced };
      const holder = await shared.run(() => {
        const held = leases.get(cacheKey);
        if (held === undefined) leases.set(cacheKey, own);
        return held;
      });
      if (holder) {
        const waiting = awaited.get(holder.token) ?? Promise.withResolvers();
        awaited.set(holder.token, waiting);
        return { kind: 'of-another', ...holder, outcome: waiting.promise };
      }
      return {
        kind: 'held',
        token: own.token,
        extend: () => shared.run(() => leases.get(cacheKey) === own),
        end: (outcome) =>
          shared.run(() => {
            leases.delete(cacheKey);
            shared.publish({ cacheKey, token: own.token, outcome });
          }),
      };
    },
    stop: () => {},
  };
}
