import type { LinkIndexOutcome } from '../../domain/link-index.ts';
import type { Timers } from '../../domain/time.ts';

/** The state of a flight of another replica. */
export type FlightState =
  | { readonly kind: 'under-way' }
  /** Without an outcome: its replica ended, or had none that others may use. */
  | { readonly kind: 'ended'; readonly outcome: LinkIndexOutcome | undefined };

export interface AwaitedFlight {
  readonly cacheKey: string;
  /** The token of its lease. */
  readonly token: string;
}

export interface FlightWaitsOptions {
  /** Reads the state of each, in their order. Rejects when the store fails. */
  readonly readStates: (flights: readonly AwaitedFlight[]) => Promise<readonly FlightState[]>;
  readonly timers: Timers;
}

/** The waits of this process for flights of other replicas. */
export interface FlightWaits {
  /** The outcome of the flight; undefined when it ends without one. */
  wait(flight: AwaitedFlight): Promise<LinkIndexOutcome | undefined>;
  isAwaited(token: string): boolean;
  /** To be called when a message says that the flight has ended. */
  onMessage(token: string, outcome: LinkIndexOutcome | undefined): void;
  /** Ends every wait without an outcome. */
  endAll(): void;
}

interface Wait extends AwaitedFlight {
  readonly promise: Promise<LinkIndexOutcome | undefined>;
  readonly end: (outcome: LinkIndexOutcome | undefined) => void;
}

/** How often the state is read, in milliseconds: a message can be lost, and a replica that was killed sends none. */
const READ_INTERVAL_MS = 500;
/** After so many failed reads in a row the store counts as unavailable, and every wait ends without an outcome. */
const MAX_FAILED_READS = 4;

/** A message ends a wait at once; a repeated read finds what no message says. */
export function createFlightWaits({ readStates, timers }: FlightWaitsOptions): FlightWaits {
  const waits = new Map<string, Wait>();
  let failedReads = 0;
  let isScheduled = false;

  function readLater(): void {
    if (isScheduled || waits.size === 0) return;
    isScheduled = true;
    timers.after(READ_INTERVAL_MS, async () => {
      await readNow([...waits.values()]);
      isScheduled = false;
      readLater();
    });
  }

  async function readNow(flights: readonly AwaitedFlight[]): Promise<void> {
    try {
      const states = await readStates(flights);
      failedReads = 0;
      for (const [index, { token }] of flights.entries()) {
        const state = states[index];
        if (state?.kind === 'ended') waits.get(token)?.end(state.outcome);
      }
    } catch {
      failedReads += 1;
      if (failedReads >= MAX_FAILED_READS) endAll();
    }
  }

  function endAll(): void {
    failedReads = 0;
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
      readLater();
      return promise;
    },
    isAwaited: (token) => waits.has(token),
    onMessage: (token, outcome) => waits.get(token)?.end(outcome),
    endAll,
  };
}
