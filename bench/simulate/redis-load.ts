import { systemTimers, within } from '../../src/domain/time.ts';
import { openRedisLink } from '../../src/stores/redis/link.ts';
import { type RedisProcess, startRedis } from './redis-process.ts';
import { createRedisReplica, keys, type RedisReplica } from './redis-replica.ts';

/**
 * How long one redis-server computes for what gateways ask of it, by its own count of processor time, network included; so
 * other work on the machine hardly matters. What a whole core could do in a second is computed from it.
 */
const CONNECTIONS = 16;
/** There before anything is measured. */
const STORED_KOLS = 2000;

type Action = (replica: RedisReplica, index: number) => Promise<unknown>;

interface LoadOptions {
  /** Replicas that hear of every purchase. */
  readonly listeners?: number;
  /** Actions in flight on each connection. */
  readonly atOnce?: number;
  /** Calls in flight, of all replicas. */
  readonly openCalls?: number;
}

async function load(what: string, action: Action, count: number, options: LoadOptions = {}): Promise<void> {
  const { listeners = 0, atOnce = 1, openCalls = 0 } = options;
  await using redis = await startRedis();
  await using links = new AsyncDisposableStack();
  const open = () =>
    links.adopt(
      openRedisLink({
        location: redis.location,
        probeKey: keys.probe,
        within: (ms, promise) => within(systemTimers, ms, promise),
      }),
      (link) => link.close(),
    );
  const replicas = Array.from({ length: CONNECTIONS }, (_, index) => createRedisReplica(open(), `replica-${index}`));
  for (let index = 0; index < listeners; index += 1) open().subscribe(keys.updates, () => {});
  while ((await subscriberCount(redis)) < listeners) await new Promise((resolve) => setTimeout(resolve, 20));
  const [first] = replicas as [RedisReplica];
  for (let index = 0; index < STORED_KOLS; index += 1) await redis.insist(() => first.fill(index));
  for (let index = 0; index < openCalls; index += 1) await redis.insist(() => first.open(index));

  let next = 0;
  const work = async (replica: RedisReplica) => {
    while (next < count) {
      const index = next;
      next += 1;
      await redis.insist(() => action(replica, index));
    }
  };
  const beforeUs = await cpuUsOf(redis);
  await Promise.all(replicas.flatMap((replica) => Array.from({ length: atOnce }, () => work(replica))));
  const eachUs = ((await cpuUsOf(redis)) - beforeUs) / count;
  const perSecond = Math.round(1e6 / eachUs).toLocaleString('en-US');
  process.stdout.write(
    `${what.padEnd(52)}${eachUs.toFixed(0).padStart(6)} µs each, ${perSecond.padStart(9)} a second\n`,
  );
}

async function cpuUsOf({ info }: RedisProcess): Promise<number> {
  const cpu = await info('cpu');
  return (Number(cpu.get('used_cpu_user')) + Number(cpu.get('used_cpu_sys'))) * 1e6;
}

async function subscriberCount({ link, insist }: RedisProcess): Promise<number> {
  const [, count] = await insist(() => link.run((client) => client.pubsub('NUMSUB', keys.updates)));
  return Number(count);
}

const read: Action = (replica, index) => replica.storedRead(index % STORED_KOLS);
const count: Action = (replica) => replica.countedRequest();
const buy: Action = (replica, index) => replica.purchase(STORED_KOLS + index);
const look: Action = (replica) => replica.lookForAbandoned();

await load('a read of the store, each by itself', read, 40_000);
await load('the same, 32 in flight on each connection', read, 100_000, { atOnce: 32 });
await load('a counted request, each by itself', count, 40_000);
await load('the same, 32 in flight on each connection', count, 100_000, { atOnce: 32 });
await load('a purchase that nobody hears of, each by itself', buy, 10_000);
await load('the same, 32 in flight on each connection', buy, 30_000, { atOnce: 32 });
for (const listeners of [3, 10, 100]) {
  await load(`a purchase that ${listeners} replicas hear of, each by itself`, buy, 5000, { listeners });
}
for (const openCalls of [100, 1000]) {
  await load(`a look after lost calls among ${openCalls} open ones`, look, 200, { openCalls });
}
