import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Cluster, Redis } from 'ioredis';
import type { RedisLocation, RedisNode } from '../../config/redis-location.ts';
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
 * Only the sender of a command knows whether it may be repeated.
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
    // The link tries a connection out by itself. The client's own check needs the right to `INFO`, and prints where that is missing.
    enableReadyCheck: false,
  } as const;
  const outer = { enableOfflineQueue: false, enableAutoPipelining: true, scripts: SCRIPTS };
  if (kind === 'cluster') {
    return new Cluster([...nodes], {
      ...outer,
      redisOptions: common,
      clusterRetryStrategy: reconnectMs,
      slotsRefreshTimeout: CONNECT_MS,
      enableReadyCheck: false,
      // Else a script whose reply was lost runs twice.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      // A certificate is for a name, so the name must not be replaced by its address.
      ...(isTls && { dnsLookup: (name: string, use: (error: null, host: string) => void) => use(null, name) }),
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
  });
}

/**
 * Why no connection can be made to the first node that takes none. The clients of a Cluster and of Sentinels only tell
 * that it was closed, also where a certificate is the reason.
 */
export async function connectionTroubleOf({ nodes, isTls }: RedisLocation): Promise<Error | undefined> {
  for (const node of nodes) {
    const trouble = await troubleWith(node, isTls);
    if (trouble) return trouble;
  }
  return undefined;
}

function troubleWith(node: RedisNode, isTls: boolean): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const options = { ...node, timeout: CONNECT_MS };
  const socket = isTls ? connectTls(options) : connectPlain(options);
  socket.on(isTls ? 'secureConnect' : 'connect', () => resolve(undefined));
  socket.on('error', resolve);
  socket.on('timeout', () => resolve(new Error(`no answer from ${node.host}:${node.port} within ${CONNECT_MS} ms`)));
  return promise.finally(() => socket.destroy());
}
