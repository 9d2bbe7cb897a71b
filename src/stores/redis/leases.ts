import type { HeldLease, Leases } from '../../cache/flights.ts';
import type { LinkIndexOutcome } from '../../domain/link-index.ts';
import { decodeOutcome, encodeOutcome } from '../../domain/outcome-codec.ts';
import { STORE_PATIENCE_MS, type Timers, within } from '../../domain/time.ts';
import { type AwaitedFlight, createFlightWaits, type FlightState } from './flight-waits.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface RedisLeasesOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** This replica; differs from start to start. */
  readonly owner: string;
  /** How long a lease lasts without being extended, in milliseconds; longer than one attempt. */
  readonly leaseMs: number;
  readonly timers: Timers;
  /** By how much the server's clock is ahead of this process's, in milliseconds. */
  readonly clockOffsetMs: () => number;
  /** Settles as unknown what was reserved for a flight whose replica has ended. */
  readonly abandon: (flight: string) => Promise<unknown>;
  /** Called with what any replica has bought, where this one remembers something of the key. */
  readonly onBought: (cacheKey: string, outcome: LinkIndexOutcome) => void;
  readonly isRemembered: (cacheKey: string) => boolean;
  readonly onError?: (operation: string, error: unknown) => void;
}

export interface RedisLeases extends Leases {
  /** Takes a message of the channel that it publishes to. */
  onMessage(update: FlightUpdate): void;
}

/** How a flight ended: its key, its token, and its outcome, empty for none. */
export type FlightUpdate = readonly ['flight', cacheKey: string, token: string, packed: string];

/** How often the end of a flight that Redis did not take is sent again, in milliseconds. */
const END_AGAIN_MS = 500;
/** So many ends are sent at a time, after Redis has taken the first one. */
const ENDS_AT_ONCE = 100;
/** How long the outcome of a flight is kept for those who look, in milliseconds. */
const OUTCOME_MS = 10_000;

/**
 * Leases in Redis: a key with its holder's token, which expires. Only the holder extends or ends it.
 * @see https://redis.io/docs/latest/commands/set/ for the pattern, and why the token is compared
 */
export function createRedisLeases(options: RedisLeasesOptions): RedisLeases {
  const { link, keys, owner, leaseMs, timers, clockOffsetMs, abandon, isRemembered, onBought, onError } = options;
  const waits = createFlightWaits({ readStates, timers });
  const ends = createUntoldEnds(timers, Math.ceil(leaseMs / END_AGAIN_MS));
  let lastFlight = 0;
  let isStopping = false;

  const patiently = <Value>(promise: Promise<Value>) => within(timers, STORE_PATIENCE_MS, promise);
  const noteError = (error: unknown) => onError?.('lease', error);

  function readStates(flights: readonly AwaitedFlight[]): Promise<readonly FlightState[]> {
    const reads = flights.map(async (flight) => {
      const value = await link.run((client) => client.get(keys.lease(flight.cacheKey)));
      return stateOf(flight, value ?? '', clockOffsetMs());
    });
    return patiently(Promise.all(reads));
  }

  function hold(cacheKey: string, value: string): HeldLease {
    const name = keys.lease(cacheKey);
    const token = tokenOf(value);
    let cancelExtending = () => {};
    const extend = async () => (await patiently(link.script('kolgwExtend', [name], value, leaseMs))) === 1;
    /** Also while the call waits for its turn, which may take longer than a lease. */
    const keepUp = () => {
      cancelExtending = timers.after(leaseMs / 3, () => {
        keepUp();
        extend().catch(noteError);
      });
    };
    keepUp();
    return {
      kind: 'held',
      token,
      extend: () =>
        extend().catch((error: unknown) => {
          noteError(error);
          return true;
        }),
      async end(outcome) {
        cancelExtending();
        const packed = outcome === undefined ? '' : encodeOutcome(cacheKey, outcome, 0, clockOffsetMs());
        const kept = packed && `done ${token}\n${packed}`;
        const update = JSON.stringify(['flight', cacheKey, token, packed] satisfies FlightUpdate);
        const tell = () => patiently(link.script('kolgwEnd', [name], value, kept, OUTCOME_MS, keys.updates, update));
        await tell().catch((error: unknown) => {
          noteError(error);
          // Else those who wait do so until the lease runs out.
          ends.tellLater(tell);
        });
      },
    };
  }

  return {
    async acquire(cacheKey, isForced, abandoned) {
      if (isStopping) throw new Error('this replica is stopping');
      lastFlight += 1;
      const value = `${owner}:${lastFlight} ${isForced ? 'forced' : 'unforced'}`;
      const acquiring = link.script('kolgwAcquire', [keys.lease(cacheKey)], value, leaseMs) as Promise<string | null>;
      const holder = await patiently(acquiring).catch((error: unknown) => {
        noteError(error);
        // What is granted too late is given back; the purchase goes on without it.
        const giveBack = () => hold(cacheKey, value).end(undefined);
        acquiring.then((late) => (late === null ? giveBack() : undefined)).catch(() => {});
        throw error;
      });
      if (holder !== null) {
        const token = tokenOf(holder);
        const isTheirsForced = holder.endsWith(' forced');
        return { kind: 'of-another', token, isForced: isTheirsForced, outcome: waits.wait({ cacheKey, token }) };
      }
      if (abandoned !== undefined) await patiently(abandon(abandoned)).catch(noteError);
      return hold(cacheKey, value);
    },
    onMessage([, cacheKey, token, packed]) {
      // Of what a hundred replicas publish, little concerns this one.
      if (!waits.isAwaited(token) && !isRemembered(cacheKey)) return;
      const outcome = decodeOutcome(cacheKey, packed, clockOffsetMs())?.outcome;
      waits.onMessage(token, outcome);
      if (outcome && outcome.kind !== 'failure') onBought(cacheKey, outcome);
    },
    stop() {
      isStopping = true;
      waits.endAll();
    },
  };
}

/**
 * Ends of flights that Redis did not take. One timer serves all of them: each time one end is tried, and the others follow in
 * parts when Redis takes it. There are no more of them than flights had a lease when Redis became unavailable, for no
 * lease is taken without it; each is given up when its lease has run out.
 *
 * @param maxRounds how often an end is sent again
 */
function createUntoldEnds(timers: Timers, maxRounds: number) {
  /** Each with the round that is its last. */
  const untold = new Map<() => Promise<unknown>, number>();
  let round = 0;
  let isWaiting = false;

  function first(count: number): readonly (() => Promise<unknown>)[] {
    const found = [];
    for (const tell of untold.keys()) {
      found.push(tell);
      if (found.length === count) break;
    }
    return found;
  }

  async function tellAll(): Promise<void> {
    for (let count = 1; untold.size > 0; count = ENDS_AT_ONCE) {
      await Promise.all(first(count).map((tell) => tell().then(() => untold.delete(tell))));
    }
  }

  function forgetOld(): void {
    for (const [tell, lastRound] of untold) {
      if (lastRound > round) return;
      untold.delete(tell);
    }
  }

  function nextRound(): void {
    if (isWaiting || untold.size === 0) return;
    isWaiting = true;
    timers.after(END_AGAIN_MS, async () => {
      round += 1;
      await tellAll().catch(forgetOld);
      isWaiting = false;
      nextRound();
    });
  }

  return {
    tellLater(tell: () => Promise<unknown>) {
      untold.set(tell, round + maxRounds);
      nextRound();
    },
  };
}

/** What a lease's value says of a flight: that it still has it, or that it ended, with its outcome or without. */
function stateOf({ cacheKey, token }: AwaitedFlight, value: string, clockOffsetMs: number): FlightState {
  if (tokenOf(value) === token) return { kind: 'under-way' };
  const packed = value.startsWith(`done ${token}\n`) ? value.slice(value.indexOf('\n') + 1) : '';
  return { kind: 'ended', outcome: decodeOutcome(cacheKey, packed, clockOffsetMs)?.outcome };
}

function tokenOf(value: string): string {
  return value.slice(0, value.indexOf(' '));
}
