/** The calls in flight, at most one per key. Nobody who waits can end one: a flight belongs to the process. */
export interface SingleFlight<Result> {
  /** Joins the flight for `key`, or starts it with `start`. */
  join(key: string, start: () => Promise<Result>): Promise<Result>;
  /**
   * Joins the forced flight for `key`, or starts one. An unforced flight under way may answer from
   * a cache of the vendor's, so it is waited for and not joined.
   */
  joinForced(key: string, start: () => Promise<Result>): Promise<Result>;
  readonly size: number;
  /** Settles when no flight is left. */
  idle(): Promise<void>;
}

export function createSingleFlight<Result>(): SingleFlight<Result> {
  const flights = new Map<string, Promise<Result>>();
  const forced = new Map<string, Promise<Result>>();

  function launch(map: Map<string, Promise<Result>>, key: string, start: () => Promise<Result>): Promise<Result> {
    const flight = start().finally(() => map.delete(key));
    map.set(key, flight);
    return flight;
  }

  return {
    join(key, start) {
      return flights.get(key) ?? forced.get(key) ?? launch(flights, key, start);
    },
    joinForced(key, start) {
      const current = forced.get(key);
      if (current !== undefined) return current;
      const unforced = flights.get(key);
      if (unforced === undefined) return launch(forced, key, start);
      return launch(forced, key, () => unforced.then(start, start));
    },
    get size() {
      return flights.size + forced.size;
    },
    async idle() {
      while (flights.size + forced.size > 0) {
        await Promise.allSettled([...flights.values(), ...forced.values()]);
      }
    },
  };
}
