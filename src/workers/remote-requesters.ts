import type { Requester } from '../upstream/link-index-source.ts';

/** The requests of a worker that wait for the owner, each by a number. */
export interface RemoteRequesters {
  /** One more read of this request is under way. */
  enter(requester: Requester): number;
  /** One of them has ended. */
  leave(requester: Requester): void;
}

/** @param onWaitOver told when a request that has reads under way waits no longer */
export function createRemoteRequesters(onWaitOver: (id: number) => void): RemoteRequesters {
  const waiting = new Map<Requester, { readonly id: number; reads: number }>();
  let lastId = 0;

  return {
    enter(requester) {
      const known = waiting.get(requester);
      if (known) {
        known.reads += 1;
        return known.id;
      }
      lastId += 1;
      const entered = { id: lastId, reads: 1 };
      waiting.set(requester, entered);
      void requester.waitOver.then(() => {
        if (waiting.get(requester) === entered) onWaitOver(entered.id);
      });
      return entered.id;
    },
    leave(requester) {
      const entered = waiting.get(requester);
      if (!entered) return;
      entered.reads -= 1;
      if (entered.reads === 0) waiting.delete(requester);
    },
  };
}
