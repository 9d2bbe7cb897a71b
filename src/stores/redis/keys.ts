import { createHash } from 'node:crypto';

/** The names of everything that is kept in Redis for one account at one upstream. */
export interface RedisKeys {
  readonly answer: (cacheKey: string) => string;
  readonly failure: (cacheKey: string) => string;
  readonly lease: (cacheKey: string) => string;
  /** Requests of a client in its current minute. */
  readonly rate: (client: string) => string;
  /** What was spent on a day, named by its date: by all, or by one client. */
  readonly spent: (day: string, client?: string) => string;
  /** The reservation that was settled, so that nothing is counted twice. */
  readonly settled: (reservation: string) => string;
  readonly reservations: string;
  /** Reservations that were counted as unknown because their holder was gone. */
  readonly abandoned: string;
  readonly replicas: string;
  /** The time zone by which each replica counts days. */
  readonly timeZones: string;
  /** The time zone by which days were counted last. */
  readonly lastTimeZone: string;
  /** What a link writes to find out whether the server takes writes; there only while it is tried out. */
  readonly probe: string;
  /** There while one replica has just looked after the others. */
  readonly sweep: string;
  readonly pace: string;
  readonly pauses: string;
  /** The balance that was read last, of one account. */
  readonly balance: (account: string) => string;
  /** There while the balance of an account is not to be read again. */
  readonly balanceTurn: (account: string) => string;
  /** The channel to which each replica publishes what has changed. */
  readonly updates: string;
}

/**
 * Answers and leases are spread over the slots of a Cluster. What one script must see together has one hash tag, and so
 * one slot.
 *
 * @param scope one account at one upstream; a short digest of it takes less memory than its name, a million times over
 */
export function createRedisKeys(scope: string): RedisKeys {
  const digest = createHash('sha256').update(scope).digest('hex').slice(0, 10);
  const spread = (kind: string) => (name: string) => `kolgw:${digest}:${kind}:${name}`;
  const together = (name: string) => `kolgw:{${digest}}:${name}`;
  return {
    answer: spread('a'),
    failure: spread('f'),
    lease: spread('lease'),
    rate: spread('rate'),
    spent: (day, client) => together(client === undefined ? `spent:${day}` : `spent:${day}:${client}`),
    settled: (reservation) => together(`settled:${reservation}`),
    reservations: together('reservations'),
    abandoned: together('abandoned'),
    replicas: together('replicas'),
    timeZones: together('time-zones'),
    lastTimeZone: together('last-time-zone'),
    probe: together('probe'),
    sweep: together('sweep'),
    pace: together('pace'),
    pauses: together('pauses'),
    balance: (account) => together(`balance:${account}`),
    balanceTurn: (account) => together(`balance-turn:${account}`),
    updates: together('news'),
  };
}
