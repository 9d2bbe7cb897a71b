import { childrenOf } from '../../support/processes.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { type Read, type ReadOptions, type Replica, startReplica } from '../../support/replicas.ts';
import type { ScriptedUpstream } from '../../support/scripted-upstream.ts';

/** A gateway of several processes behind one port, over a Redis of its own. */
export interface WorkerPool extends Replica {
  readonly redis: RedisServer;
  /** Its workers' processes, as the system knows them. */
  workerPids(): readonly number[];
  /** Over a connection of its own, so that the next worker gets it. */
  readAnew(id: string, options?: ReadOptions): Promise<Read>;
  /** So many reads, one after the other, so that every worker gets its share. */
  readInTurn(id: string, times?: number, options?: ReadOptions): Promise<readonly Read[]>;
  /** The workers that have answered requests, by the number in their log lines. */
  busyWorkers(): ReadonlySet<number>;
}

export const WORKERS = 2;
/** For a machine that is busy. */
export const BUSY = { timeout: 60_000 };

export interface PoolOptions {
  readonly upstream: Pick<ScriptedUpstream, 'baseUrl'>;
  /** Another pool's, for a gateway that shares it. */
  readonly redis?: RedisServer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Settles when every worker listens. */
export async function startWorkerPool({ upstream, redis: shared, env }: PoolOptions): Promise<WorkerPool> {
  await using starting = new AsyncDisposableStack();
  const redis = shared ?? starting.use(await startRedis());
  const fixed = { WORKERS: String(WORKERS), LOG_LEVEL: 'debug' };
  const replica = starting.use(await startReplica({ upstream, store: redis.url, env: { ...fixed, ...env } }));
  const readAnew = (id: string, { headers, ...rest }: ReadOptions = {}) =>
    replica.read(id, { ...rest, headers: { ...headers, connection: 'close' } });
  const started = starting.move();
  return {
    ...replica,
    redis,
    workerPids: () => childrenOf(replica.pid),
    readAnew,
    async readInTurn(id, times = 2 * WORKERS, readOptions = {}) {
      const reads: Read[] = [];
      while (reads.length < times) reads.push(await readAnew(id, readOptions));
      return reads;
    },
    busyWorkers() {
      const lines = replica.logText().matchAll(/"worker":(\d+).*"msg":"request answered"/g);
      return new Set([...lines].map(([, id]) => Number(id)));
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
