import { Cluster, Redis } from 'ioredis';
import type { RedisLocation } from './location.ts';
import { SCRIPTS } from './scripts.ts';

export type RedisClient = Redis | Cluster;

/** How long a connection may take to be made, in milliseconds. */
const CONNECT_MS = 2000;
const [MIN_RECONNECT_MS, MAX_RECONNECT_MS] = [100, 1000];

/** With jitter, so that replicas do not come back all at once. */
const reconnectMs = (times: number) =>
  Math.min(MAX_RECONNECT_MS, MIN_RECONNECT_MS * 2 ** times) * (0.5 + Math.random() / 2);

/**
 * Nothing is queued, resent or waited for here: a command that cannot be sent now, or whose connection is lost, fails.
 * What may be repeated is known to whoever sends it.
 */
export function connectRedis(location: RedisLocation): RedisClient {
  const { kind, nodes, isTls, username, password, database, sentinelName, sentinelPassword } = location;
  const common = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
    // What every server since Redis 6, every Valkey and every proxy in front of them speaks.
    protocol: 2,
    connectionName: 'kol-gateway',
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  } as const;
  const outer = { enableOfflineQueue: false, enableAutoPipelining: true, scripts: SCRIPTS };
  if (kind === 'cluster') {
    return new Cluster([...nodes], {
      ...outer,
      redisOptions: common,
      clusterRetryStrategy: reconnectMs,
      slotsRefreshTimeout: CONNECT_MS,
    });
  }
  const single = { ...common, ...outer, db: database, retryStrategy: reconnectMs, maxLoadingRetryTime: CONNECT_MS };
  if (kind === 'single') return new Redis({ ...single, ...nodes[0] });
  return new Redis({
    ...single,
    name: sentinelName ?? '',
    sentinels: [...nodes],
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(isTls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    sentinelRetryStrategy: reconnectMs,
    // A master that was voted out stays connected and takes no writes.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
}
