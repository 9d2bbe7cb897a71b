import { randomUUID } from 'node:crypto';
import { daysIn } from '../../src/domain/zone-days.ts';
import { createRedisAnswerStore } from '../../src/stores/redis/answers-in-redis.ts';
import { createRedisSpendingStore } from '../../src/stores/redis/spending.ts';
import { answerOf, kolIdOf } from './redis-answers.ts';
import { type RedisProcess, startRedis } from './redis-process.ts';
import { keys } from './redis-replica.ts';

/** What answers and bookings weigh in a real Redis, put there by the gateway's own stores. Counts of KOLs as arguments. */
const counts = process.argv.slice(2).map(Number);
const BATCH = 200;
const PURCHASES = 100_000;

const say = (text: string) => void process.stdout.write(`${text}\n`);

for (const kolCount of counts.length > 0 ? counts : [100_000, 1_000_000]) {
  await using redis = await startRedis();
  const store = createRedisAnswerStore({
    link: redis.link,
    keys,
    isCluster: false,
    clock: Date.now,
    clockOffsetMs: () => 0,
  });
  const weight = await weigh(redis, kolCount, (index) => store.put(answerOf(index)));
  const text = await redis.insist(() => redis.link.run((client) => client.get(keys.answer(kolIdOf(0)))));
  say(`${kolCount.toLocaleString('en-US')} KOLs: ${weight}; a value has ${text?.length} bytes`);
}

await using redis = await startRedis();
const spendingStore = createRedisSpendingStore({ link: redis.link, keys, owner: randomUUID() });
const utcDays = daysIn('UTC');
const weight = await weigh(redis, PURCHASES, async () => {
  const id = randomUUID();
  const days = utcDays.nearestTo(Date.now());
  const { day } = await spendingStore.reserve({ id, days, budget: undefined, flight: undefined });
  await spendingStore.settle({ id, day, billed: 1, unknown: 0 }, { billed: 0, unknown: 0 });
});
say(`${PURCHASES.toLocaleString('en-US')} settled purchases, remembered for an hour: ${weight}`);

async function weigh(
  { info, insist }: RedisProcess,
  count: number,
  put: (index: number) => Promise<unknown>,
): Promise<string> {
  const before = await info('memory');
  for (let index = 0; index < count; index += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - index) }, (_, each) => index + each);
    await Promise.all(batch.map((each) => insist(() => put(each))));
  }
  const after = await info('memory');
  const grownBy = (field: string) => Number(after.get(field)) - Number(before.get(field));
  const [used, resident] = [grownBy('used_memory'), grownBy('used_memory_rss')];
  const each = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB, ${(bytes / count).toFixed(0)} bytes each`;
  return `used ${each(used)}; resident ${each(resident)}`;
}
