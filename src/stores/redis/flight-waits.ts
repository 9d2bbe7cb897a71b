import type { LinkIndexOutcome } from '../../domain/link-index.ts';
import type { Timers } from '../../domain/time.ts';

/** How a flight of another replica stands. */
export type FlightState =
  | { readonly kind: 'under-way' }
  /** Without an outcome it ended without a word: its holder died, or had none for others. */
  | { readonly kind: 'ended'; readonly outcome: LinkIndexOutcome | undefined };

export interface AwaitedFlight {
  readonly cacheKey: string;
  /** Of its lease. */
  readonly token: string;
}

export interface FlightWaitsOptions {
  /** Looks after all of them, in their order. Rejects when nobody can tell. */
  readonly look: (flights: readonly AwaitedFlight[]) => Promise<readonly FlightState[]>;
  readonly timers: Timers;
}

/** Those who wait for flights of other replicas. */
export interface FlightWaits {
  /** What the flight brings; undefined when it ends without a word. */
  wait(flight: AwaitedFlight): Promise<LinkIndexOutcome | undefined>;
  isAwaited(token: string): boolean;
  /** A message came: the flight ended. */
  hear(token: string, outcome: LinkIndexOutcome | undefined): void;
  /** Ends every wait without a word. */
  endAll(): void;
}

interface Wait extends AwaitedFlight {
  readonly promise: Promise<LinkIndexOutcome | undefined>;
  readonly end: (outcome: LinkIndexOutcome | undefined) => void;
}

/** How often those who wait look for themselves, for a message can be lost, and the dead send none; in milliseconds. */
const LOOK_MS = 500;
/** So many looks in vain, and the store is gone rather than busy: whoever waits goes on alone. */
const MAX_LOOKS_IN_VAIN = 4;

/** Messages say at once how a flight ended; looking from time to time finds out the rest. The upstream is never asked. */
export function createFlightWaits({ look, timers }: FlightWaitsOptions): FlightWaits {
  const waits = new Map<string, Wait>();
  let looksInVain = 0;
  let isLooking = false;

  function lookLater(): void {
    if (isLooking || waits.size === 0) return;
    isLooking = true;
    timers.after(LOOK_MS, async () => {
      await lookNow([...waits.values()]);
      isLooking = false;
      lookLater();
    });
  }

  async function lookNow(flights: readonly AwaitedFlight[]): Promise<void> {
    try {
      const states = await look(flights);
      looksInVain = 0;
      for (const [index, { token }] of flights.entries()) {
        const state = states[index];
        if (state?.kind === 'ended') waits.get(token)?.end(state.outcome);
      }
    } catch {
      looksInVain += 1;
      if (looksInVain >= MAX_LOOKS_IN_VAIN) endAll();
    }
  }

  function endAll(): void {
    looksInVain = 0;
    for (const { end } of [...waits.values()]) end(undefined);
  }

  return {
    wait(flight) {
      const before = waits.get(flight.token);
      if (before) return before.promise;
      const { promise, resolve } = Promise.withResolvers<LinkIndexOutcome | undefined>();
      const end = (outcome: LinkIndexOutcome | undefined) => {
        waits.delete(flight.token);
        resolve(outcome);
      };
      waits.set(flight.token, { ...flight, promise, end });
      lookLater();
      return promise;
    },
    isAwaited: (token) => waits.has(token),
    hear: (token, outcome) => waits.get(token)?.end(outcome),
    endAll,
  };
}
