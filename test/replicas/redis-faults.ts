import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

/** The replicas' way to their Redis; `proxy` stands between. */
export interface Stage extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly proxy: FaultProxy;
}

export async function startStage(): Promise<Stage> {
  const redis = await startRedis();
  const proxy = await startFaultProxy(redis.port);
  return {
    redis,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

export interface RedisFault {
  readonly name: string;
  /** How often at most a key is bought that three replicas ask for at once while it lasts. */
  readonly mostPurchases: 1 | 3;
  /** Whether the replicas meet an error, and count it. */
  readonly isMet: boolean;
  /** Whether a replica that starts during the fault cannot read what was stored before. */
  readonly spoils?: true;
  /** Whether it begins before the replicas start. */
  readonly isEarly?: true;
  readonly begin: (stage: Stage) => unknown;
  readonly end: (stage: Stage) => unknown;
}

/** Nobody can agree with anybody: one purchase for each replica, each at its own share of the budget. */
const AWAY = { mostPurchases: 3, isMet: true } as const;
/** Commands work: the replicas agree as ever. */
const THERE = { mostPurchases: 1, isMet: false } as const;

const nothing = () => {};
const heal = ({ proxy }: Stage) => proxy.heal();

/** Long enough for all that is read and bought meanwhile; nothing but time ends it. */
const CLIENT_PAUSE_MS = 6000;
/** So many keys, a kilobyte and a twentieth of a second each: loaded in 25 seconds unless told to be quicker. */
const FILLER = "for i = 1, 500 do redis.call('SET', 'filler:' .. i, string.rep('x', 1100)) end";
const SLOW_LOADING = ['--key-load-delay', '50000', '--loading-process-events-interval-bytes', '1024'];

const changesOfEntries = {
  'a list': "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')",
  'cut short': "local v = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], string.sub(v, 1, -6), 'KEEPTTL')",
  'from another key': "redis.call('SET', KEYS[1], redis.call('GET', KEYS[2]), 'KEEPTTL')",
};

/** Changes what is stored for `warm-0`, the key that replicas are asked for afterwards. */
async function spoil({ redis }: Stage, how: keyof typeof changesOfEntries): Promise<void> {
  const keyOf = async (id: string) => {
    const [key, ...others] = (await redis.command('KEYS', `kolgw:*:a:*${id}*`)) as string[];
    if (key === undefined || others.length > 0) throw new Error(`expected one answer for ${id} in Redis`);
    return key;
  };
  await redis.command('EVAL', changesOfEntries[how], 2, await keyOf('warm-0'), await keyOf('warm-1'));
}

async function restartSlowly({ redis }: Stage): Promise<void> {
  await redis.command('EVAL', FILLER, 0);
  await redis.command('SAVE');
  await redis.restart(SLOW_LOADING);
}

export const REDIS_FAULTS: readonly RedisFault[] = [
  {
    ...{ name: 'down when the replicas start', ...AWAY, isEarly: true },
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.restart(),
  },
  { name: 'killed', ...AWAY, begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.restart() },
  { name: 'stopped', ...AWAY, begin: ({ redis }) => redis.pause(), end: ({ redis }) => redis.resume() },
  // The replicas may still be on their way back to it, or be back already.
  { name: 'restarted empty', ...AWAY, isMet: false, begin: ({ redis }) => redis.restart(), end: nothing },
  { name: 'slow: 200 ms', ...AWAY, begin: ({ proxy }) => proxy.delay(200), end: heal },
  {
    ...{ name: 'full', ...AWAY },
    begin: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', 1),
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', 0),
  },
  {
    ...{ name: 'read-only', ...AWAY },
    begin: ({ redis }) => redis.command('REPLICAOF', '127.0.0.1', 1),
    end: ({ redis }) => redis.command('REPLICAOF', 'NO', 'ONE'),
  },
  {
    ...{ name: 'cut off from the replicas that it needs to take writes', ...AWAY },
    begin: ({ redis }) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', 1),
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', 0),
  },
  {
    ...{ name: 'loading', ...AWAY },
    begin: restartSlowly,
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'key-load-delay', 0),
  },
  {
    ...{ name: 'under another password', ...AWAY },
    async begin({ redis }) {
      await redis.command('CONFIG', 'SET', 'requirepass', 'another');
      for (const type of ['normal', 'pubsub']) await redis.command('CLIENT', 'KILL', 'TYPE', type);
    },
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'requirepass', ''),
  },
  { name: 'partitioned', ...AWAY, begin: ({ proxy }) => proxy.blackhole(), end: heal },
  { name: 'cut off', ...AWAY, begin: ({ proxy }) => proxy.cut(), end: heal },
  { name: 'paused for clients', ...AWAY, begin: pauseClients, end: ({ redis }) => redis.command('PING') },
  { name: 'answering garbage', ...AWAY, begin: ({ proxy }) => proxy.garbage(), end: heal },
  { name: 'flushed', ...THERE, begin: ({ redis }) => redis.command('FLUSHALL'), end: nothing },
  {
    ...{ name: 'without its scripts', ...THERE },
    begin: ({ redis }) => redis.command('SCRIPT', 'FLUSH'),
    end: nothing,
  },
  ...Object.keys(changesOfEntries).map((how) => ({
    ...{ name: `holding an entry that is ${how}`, ...THERE, spoils: true as const },
    begin: (stage: Stage) => spoil(stage, how as keyof typeof changesOfEntries),
    end: nothing,
  })),
];

function pauseClients({ redis }: Stage): Promise<unknown> {
  return redis.command('CLIENT', 'PAUSE', CLIENT_PAUSE_MS, 'ALL');
}
