import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { check } from '../src/commands/check.ts';
import { parseConfig } from '../src/config/config.ts';
import { createRedisKeys } from '../src/stores/redis/keys.ts';
import { STAR_OF } from './operations.ts';
import { temporaryStorePath } from './support/answer-store-contract.ts';
import { keyFileEnv } from './support/key-file.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis-server.ts';
import { answers, type ScriptedUpstream, startScriptedUpstream } from './support/scripted-upstream.ts';
import { createTestClock, type TestClock } from './support/test-clock.ts';
import { CANARY_TOKEN, startTestGateway, type TestGateway } from './support/test-gateway.ts';

const HOUR_MS = 3_600_000;
/** 17:00 in UTC, and 01:00 of the next day in Shanghai. */
const EVENING = Date.UTC(2026, 0, 2, 17);
const CHANGED = 'BUDGET_TIME_ZONE has changed';
const DIFFERENT = 'replicas have different values of BUDGET_TIME_ZONE';
/** Whatever the time is, the date of one of them is not that of UTC. */
const FARTHEST = ['Etc/GMT+12', 'Pacific/Kiritimati'];

interface Account {
  readonly day: string;
  readonly timeZone: string;
  readonly billed: number;
  readonly clients: Readonly<Record<string, { readonly day: string }>>;
}

const key = 'client-key-canary';

async function account(gateway: TestGateway): Promise<Account> {
  const response = await fetch(`${gateway.origin}/account`, { headers: { authorization: `Bearer ${key}` } });
  return (await response.json()) as Account;
}

/** Buys other KOLs than before. @returns what became of each: `bought`, or its error's code and when to come back */
function createBuyer() {
  let kols = 0;
  return async (gateway: TestGateway, count: number): Promise<unknown[]> => {
    const results: unknown[] = [];
    for (let call = 0; call < count; call += 1) {
      const init = { headers: { authorization: `Bearer ${key}` } };
      const { errors } = await gateway.query(STAR_OF, { id: `kol-${++kols}` }, init);
      const error = errors?.[0]?.extensions;
      results.push(error ? [error.code, error['retryAfterSeconds']] : 'bought');
    }
    return results;
  };
}

const linesWith = (gateway: TestGateway, words: string) =>
  gateway
    .logText()
    .split('\n')
    .filter((line) => line.includes(words))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** What `kol-gateway check` prints. */
async function checkLines({ baseUrl }: ScriptedUpstream, store: string, timeZone: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const env = { JUSTONEAPI_BASE_URL: baseUrl, JUSTONEAPI_TOKEN: CANARY_TOKEN, CACHE_STORE: store };
  await check(parseConfig({ ...env, BUDGET_TIME_ZONE: timeZone }), (line) => lines.push(line));
  return lines;
}

function dateShownIn(timeZone: string, atMs = Date.now()): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(atMs);
}

interface StartOptions {
  readonly upstream: ScriptedUpstream;
  readonly store: string;
  readonly timeZone?: string;
  readonly clock?: TestClock;
  readonly name?: string;
  readonly env?: Record<string, string>;
}

/** A gateway that may buy two calls a day. */
async function start({ upstream, store, timeZone, clock, name = 'one', env }: StartOptions): Promise<TestGateway> {
  const gateway = await startTestGateway({
    upstream,
    env: {
      ...{ CACHE_STORE: store, UPSTREAM_DAILY_BUDGET: '2' },
      ...(timeZone !== undefined && { BUDGET_TIME_ZONE: timeZone }),
      ...env,
    },
    clock: clock ?? createTestClock(Date.now()),
    identity: { name },
  });
  onTestFinished(async () => void (await gateway.stop()));
  return gateway;
}

describe.each([
  ['memory:', () => 'memory:'],
  ['sqlite:', () => `sqlite:${temporaryStorePath()}`],
])('with CACHE_STORE=%s', (_, newStore) => {
  test.each([
    ['account', { UPSTREAM_DAILY_BUDGET: '2' }],
    ['client', { UPSTREAM_DAILY_BUDGET: '1000' }],
  ])("the zone's midnight begins the day of the %s's budget", async (_, env) => {
    await using upstream = await startScriptedUpstream(answers);
    const clock = createTestClock(EVENING);
    const keys = keyFileEnv({
      name: 'web',
      key,
      billedPerDay: env.UPSTREAM_DAILY_BUDGET === '2' ? 1000 : 2,
      scopes: ['ops'],
    });
    const gateway = await start({
      upstream,
      store: newStore(),
      timeZone: 'Asia/Shanghai',
      clock,
      env: { ...env, ...keys },
    });
    const buy = createBuyer();
    expect(await buy(gateway, 3)).toEqual(['bought', 'bought', ['BUDGET_EXHAUSTED', 23 * 3600]]);
    expect(await account(gateway)).toMatchObject({
      ...{ day: '2026-01-03', timeZone: 'Asia/Shanghai', billed: 2 },
      clients: { web: { day: '2026-01-03', billed: 2 } },
    });
    clock.advanceMs(23 * HOUR_MS - 1);
    expect(await buy(gateway, 1)).toEqual([['BUDGET_EXHAUSTED', 1]]);
    clock.advanceMs(1);
    expect(await account(gateway)).toMatchObject({ day: '2026-01-04', billed: 0 });
    expect(await buy(gateway, 3)).toEqual(['bought', 'bought', ['BUDGET_EXHAUSTED', 24 * 3600]]);
    expect(upstream.calls).toHaveLength(4);
  });

  test('it is UTC where nobody says otherwise', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const gateway = await start({ upstream, store: newStore(), clock: createTestClock(EVENING) });
    expect(await createBuyer()(gateway, 3)).toEqual(['bought', 'bought', ['BUDGET_EXHAUSTED', 7 * 3600]]);
    expect(await account(gateway)).toMatchObject({ day: '2026-01-02', timeZone: 'UTC' });
  });
});

describe('a change of the zone over a SQLite store', () => {
  test('lets at most one further budget be spent, and each is told of in one line', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const [store, clock, buy] = [`sqlite:${temporaryStorePath()}`, createTestClock(EVENING), createBuyer()];
    const spendIn = async (timeZone: string) => {
      const gateway = await start({ upstream, store, timeZone, clock });
      const bought = (await buy(gateway, 3)).filter((result) => result === 'bought').length;
      const { day } = await account(gateway);
      await gateway.stop();
      const changes = linesWith(gateway, CHANGED).map((line) => [
        line['level'],
        line['timeZoneBefore'],
        line['timeZone'],
      ]);
      return { day, bought, changes };
    };
    const [today, tomorrow] = ['2026-01-02', '2026-01-03'];
    expect(await spendIn('UTC')).toEqual({ day: today, bought: 2, changes: [] });
    const warned = (from: string, to: string) => [['warn', from, to]];
    expect(await spendIn('Asia/Shanghai')).toEqual({
      ...{ day: tomorrow, bought: 2, changes: warned('UTC', 'Asia/Shanghai') },
    });
    expect(await spendIn('PRC'), 'another name of the same zone').toEqual({ day: tomorrow, bought: 0, changes: [] });
    expect(await spendIn('UTC')).toEqual({ day: today, bought: 0, changes: warned('PRC', 'UTC') });
    clock.advanceMs(7 * HOUR_MS);
    expect(await spendIn('UTC'), 'the date that was spent already').toEqual({ day: tomorrow, bought: 0, changes: [] });
    expect(upstream.calls).toHaveLength(4);
  });

  test.each(FARTHEST)('leaves what was spent on a day of %s where check finds it', async (timeZone) => {
    await using upstream = await startScriptedUpstream(answers);
    const store = `sqlite:${temporaryStorePath()}`;
    const gateway = await start({ upstream, store, timeZone });
    expect(await createBuyer()(gateway, 1)).toEqual(['bought']);
    const { day } = await account(gateway);
    const lines = await checkLines(upstream, store, timeZone);
    expect(lines).toContain(`ledger: ${day}: 1 billed, 0 perhaps billed, 0 in flight (no budget)`);
    expect(lines.find((line) => line.startsWith('limits: '))).toContain(`, days of ${timeZone}, `);
  });

  test('is told of at the first start of this version, too: version 0.1.0 kept no zone and counted UTC days', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const [path, clock, buy] = [temporaryStorePath(), createTestClock(EVENING), createBuyer()];
    const first = await start({ upstream, store: `sqlite:${path}`, clock });
    await buy(first, 1);
    await first.stop();
    const database = new DatabaseSync(path);
    database.exec('DROP TABLE time_zones');
    database.close();
    const next = await start({ upstream, store: `sqlite:${path}`, clock, timeZone: 'Asia/Shanghai' });
    expect(linesWith(next, CHANGED)).toMatchObject([{ timeZoneBefore: 'UTC', timeZone: 'Asia/Shanghai' }]);
  });

  test('a call of a process that ended counts on the day on which it was reserved', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const [path, clock] = [temporaryStorePath(), createTestClock(EVENING)];
    const first = await start({ upstream, store: `sqlite:${path}`, clock });
    await createBuyer()(first, 1);
    await first.stop();
    const database = new DatabaseSync(path);
    database.exec(`INSERT INTO reservations (scope, day, owner, pid, at_ms)
      SELECT scope, day, '', 0, ${EVENING} FROM spending LIMIT 1`);
    database.close();
    const next = await start({ upstream, store: `sqlite:${path}`, clock, timeZone: 'Asia/Shanghai' });
    expect(await account(next)).toMatchObject({ day: '2026-01-03', billed: 0, unknown: 0 });
    await next.stop();
    const last = await start({ upstream, store: `sqlite:${path}`, clock });
    expect(await account(last)).toMatchObject({ day: '2026-01-02', billed: 1, unknown: 1, open: 0 });
  });
});

describeWithRedis('over a Redis store', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(() => redis.command('FLUSHALL'));

  const keysOf = ({ baseUrl }: ScriptedUpstream) => createRedisKeys(`v1 ${baseUrl}`);

  test.each(FARTHEST)('a purchase is booked on the day of %s, and check reads that day', async (timeZone) => {
    await using upstream = await startScriptedUpstream(answers);
    const gateway = await start({ upstream, store: redis.url, timeZone });
    const before = dateShownIn(timeZone);
    expect(await createBuyer()(gateway, 1)).toEqual(['bought']);
    await expect.poll(async () => (await account(gateway)).billed).toBe(1);
    const { day } = await account(gateway);
    expect([before, dateShownIn(timeZone)]).toContain(day);
    expect(await redis.command('HGET', keysOf(upstream).spent(day), 'billed')).toBe('1');
    const lines = await checkLines(upstream, redis.url, timeZone);
    expect(lines).toContain(`ledger: ${day}: 1 billed, 0 perhaps billed, 0 in flight (no budget)`);
    expect(lines.find((line) => line.startsWith('limits: '))).toContain(`, days of ${timeZone}, `);
  });

  test('a change of the zone is told of in one line, by the first that starts', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const changesOf = async (timeZone: string) => {
      const gateway = await start({ upstream, store: redis.url, timeZone });
      await expect.poll(() => redis.command('GET', keysOf(upstream).lastTimeZone)).toBe(timeZone);
      await gateway.stop();
      return linesWith(gateway, CHANGED).map((line) => [line['timeZoneBefore'], line['timeZone']]);
    };
    expect(await changesOf('UTC')).toEqual([]);
    expect(await changesOf('Asia/Shanghai')).toEqual([['UTC', 'Asia/Shanghai']]);
    expect(await changesOf('Asia/Shanghai')).toEqual([]);
    await redis.command('FLUSHALL');
    expect(await changesOf('Europe/Berlin'), 'of an empty store nobody knows').toEqual([]);
    await redis.command('DEL', keysOf(upstream).lastTimeZone);
    await redis.command('HSET', keysOf(upstream).spent(dateShownIn('UTC')), 'billed', 1);
    expect(await changesOf('Asia/Shanghai'), 'version 0.1.0').toEqual([['UTC', 'Asia/Shanghai']]);
  });

  test('replicas with different zones log one error that names both, and say when they agree again', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const keys = keysOf(upstream);
    const one = await start({ upstream, store: redis.url, name: 'one' });
    const other = await start({ upstream, store: redis.url, timeZone: 'Asia/Shanghai', name: 'other' });
    /** Waits until each has sent a heartbeat. */
    const beat = async (...names: string[]) => {
      const agedOf = (name: string) => redis.command('ZINCRBY', keys.replicas, '-1', name);
      const aged = await Promise.all(names.map(async (name) => [name, Number(await agedOf(name))] as const));
      await redis.command('PUBLISH', keys.updates, JSON.stringify(['joined']));
      for (const [name, seconds] of aged)
        await expect
          .poll(async () => Number(await redis.command('ZSCORE', keys.replicas, name)))
          .toBeGreaterThan(seconds);
    };
    await expect.poll(() => linesWith(one, DIFFERENT)).toHaveLength(1);
    for (let times = 0; times < 3; times += 1) await beat('one', 'other');
    expect(linesWith(one, DIFFERENT)).toMatchObject([{ timeZone: 'UTC', otherTimeZones: ['Asia/Shanghai'] }]);
    expect(linesWith(other, DIFFERENT)).toMatchObject([{ timeZone: 'Asia/Shanghai', otherTimeZones: ['UTC'] }]);
    for (const gateway of [one, other]) expect(linesWith(gateway, DIFFERENT)[0]?.['level']).toBe('error');
    await other.stop();
    await beat('one');
    await expect.poll(() => linesWith(one, 'the same BUDGET_TIME_ZONE now')).toHaveLength(1);
    expect(linesWith(one, DIFFERENT)).toHaveLength(1);
  });
});
