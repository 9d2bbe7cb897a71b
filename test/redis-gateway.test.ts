import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { STAR_OF, STARS_OF } from './operations.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis-server.ts';
import { answers, failsWith, held, starOf, startScriptedUpstream } from './support/scripted-upstream.ts';
import { createTestClock } from './support/test-clock.ts';
import { CANARY_TOKEN, startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { startUpstreamByKol } from './support/upstream-by-kol.ts';

const SOON = { interval: 20 };
const HOUR_MS = 3_600_000;

describeWithRedis('gateways that share a Redis', () => {
  let redis: RedisServer;
  let gateways = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(() => redis.command('FLUSHALL'));

  async function start(upstream: { readonly baseUrl: string }, env: Record<string, string> = {}, clockErrorMs = 0) {
    gateways += 1;
    const gateway = await startTestGateway({
      upstream,
      env: { CACHE_STORE: redis.url, ...env },
      clock: createTestClock(Date.now() + clockErrorMs),
      identity: { name: `gateway-${gateways}` },
    });
    onTestFinished(async () => void (await gateway.stop()));
    return gateway;
  }

  async function read(gateway: TestGateway, id: string): Promise<unknown> {
    const { data, errors } = await gateway.query(STAR_OF, { id });
    return errors?.[0]?.extensions.code ?? data?.kol?.linkIndex?.star?.value;
  }

  const account = async (gateway: TestGateway) => (await fetch(`${gateway.origin}/account`)).json() as Promise<object>;

  /** What a test finds out is tried with another KOL where the machine was too busy for Redis to answer in time. */
  function tryAnew(attempt: (id: string) => Promise<unknown>) {
    let tries = 0;
    return expect.poll(() => attempt(`id-${++tries}`), SOON);
  }

  test.each([0, HOUR_MS, -HOUR_MS])(
    'the second answers what the first has bought, without a call (its clock is wrong by %i ms)',
    async (clockErrorMs) => {
      await using upstream = await startScriptedUpstream(answers);
      const first = await start(upstream, {}, clockErrorMs);
      const second = await start(upstream);
      await tryAnew(async (id) => {
        const before = upstream.calls.length;
        for (const gateway of [first, second, first]) expect(await read(gateway, id)).toBe(starOf(id));
        return upstream.calls.length - before;
      }).toBe(1);
    },
  );

  test('both ask for one key at once and make one call', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const [first, second] = [await start(upstream), await start(upstream)];
    await tryAnew(async (id) => {
      const before = upstream.calls.length;
      const reads = await Promise.all([first, second, first, second].map((gateway) => read(gateway, id)));
      expect(new Set(reads)).toEqual(new Set([starOf(id)]));
      return upstream.calls.length - before;
    }).toBe(1);
  });

  test('what one refreshes by force the other serves from its memory soon afterwards', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const [first, second] = [await start(upstream), await start(upstream)];
    await tryAnew(async (id) => {
      for (const gateway of [first, second]) await read(gateway, id);
      const fetchedAt = async (gateway: TestGateway) => {
        const response = await gateway.post({ query: `{ kol(id: "${id}") { linkIndex { fetchedAt } } }` });
        return ((await response.json()) as { data: { kol: { linkIndex: { fetchedAt: string } } } }).data.kol.linkIndex
          .fetchedAt;
      };
      const before = await fetchedAt(second);
      await first.query(STARS_OF, { ids: [id], acceptCache: false });
      // Each tells the time by its own clock.
      return Promise.all(Array.from({ length: 20 }, () => fetchedAt(second))).then((times) => times.at(-1) !== before);
    }).toBe(true);
  });

  test('one budget is spent by both, and each tells the whole of it', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const env = { UPSTREAM_DAILY_BUDGET: '3', REPLICAS: '2' };
    const [first, second] = [await start(upstream, env), await start(upstream, env)];
    const reads = await Promise.all(
      Array.from({ length: 10 }, (_, index) => read(index % 2 === 0 ? first : second, `${index}`)),
    );
    expect(reads.filter((each) => each === 'BUDGET_EXHAUSTED')).toHaveLength(7);
    expect(upstream.calls).toHaveLength(3);
    const late = await start(upstream, env);
    expect(await read(late, '99')).toBe('BUDGET_EXHAUSTED');
    expect(await account(late)).toMatchObject({ billed: 3, unknown: 0, open: 0 });
  });

  test('a token that was refused to one is not tried by the other', async () => {
    await using upstream = await startScriptedUpstream(failsWith(100));
    const [first, second] = [await start(upstream), await start(upstream)];
    expect(await read(first, '1')).toBe('UPSTREAM_TOKEN_INVALID');
    await expect.poll(() => read(second, '2'), SOON).toBe('UPSTREAM_PAUSED');
    const late = await start(upstream);
    const before = upstream.calls.length;
    await expect.poll(() => read(late, '3'), SOON).toBe('UPSTREAM_PAUSED');
    expect(upstream.calls.length - before).toBeLessThanOrEqual(1);
  });

  test('while Redis is gone what is cached is served, what is not is bought, and nothing of it is lost', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const first = await start(upstream);
    expect(await read(first, '1')).toBe(starOf('1'));
    await redis.kill();
    for (const id of ['1', '2', '2']) expect(await read(first, id)).toBe(starOf(id));
    expect((await fetch(`${first.origin}/readyz`)).status).toBe(200);
    expect(upstream.calls).toHaveLength(2);
    await redis.restart();
    const resaved = async () => {
      first.clock.advanceMs(1000);
      return Number(await redis.command('EXISTS', ...(await keysOf(':a:2'))));
    };
    await expect.poll(resaved, SOON).toBe(1);
    await tryAnew(async () => {
      const before = upstream.calls.length;
      expect(await read(await start(upstream), '2')).toBe(starOf('2'));
      return upstream.calls.length - before;
    }).toBe(0);
  });

  test.each([
    ['is full', ['CONFIG', 'SET', 'maxmemory', 1], ['CONFIG', 'SET', 'maxmemory', 0]],
    ['became a replica', ['REPLICAOF', '127.0.0.1', 1], ['REPLICAOF', 'NO', 'ONE']],
  ] as const)('who starts while Redis %s serves what is in it, and buys the rest alone', async (_, begin, end) => {
    await using upstream = await startScriptedUpstream(answers);
    const first = await start(upstream);
    await tryAnew(async (id) => {
      expect(await read(first, id)).toBe(starOf(id));
      return (await keysOf(`:a:${id}`)).length;
    }).toBe(1);
    const { length: before } = upstream.calls;
    const [stored] = [upstream.calls.at(-1)?.parameters.get('kolId') ?? ''];
    const [name, ...args] = begin;
    await redis.command(name, ...args);
    onTestFinished(async () => void (await redis.command(end[0], ...end.slice(1))));
    const second = await start(upstream);
    const readFree = async () => {
      const { data } = await second.query(STAR_OF, { id: stored }, { headers: { prefer: 'dry-run' } });
      return data?.kol?.linkIndex?.star?.value;
    };
    await expect.poll(readFree, SOON).toBe(starOf(stored));
    expect(upstream.calls).toHaveLength(before);
    expect(await read(second, 'new')).toBe(starOf('new'));
    expect(upstream.calls).toHaveLength(before + 1);
  });

  const keysOf = async (end: string) => {
    const keys = (await redis.command('KEYS', `*${end}`)) as string[];
    return keys.length > 0 ? keys : ['none'];
  };

  test('who starts without Redis starts all the same, and shares when it is there', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await redis.kill();
    const [first, second] = await Promise.all([start(upstream), start(upstream)]);
    expect(await read(first, '1')).toBe(starOf('1'));
    await redis.restart();
    await tryAnew(async (id) => {
      const before = upstream.calls.length;
      for (const gateway of [first, second]) expect(await read(gateway, `late-${id}`)).toBe(starOf(`late-${id}`));
      return upstream.calls.length - before;
    }).toBe(1);
  });

  test('the token is nowhere in Redis', async () => {
    await using upstream = await startUpstreamByKol({ refused: [failsWith(100)] });
    const gateway = await start(upstream);
    for (const id of ['7', 'refused']) await read(gateway, id);
    await expect.poll(async () => (await redis.command('KEYS', '*:pauses')) as string[], SOON).toHaveLength(1);
    const names = (await redis.command('KEYS', '*')) as string[];
    const dumps = await Promise.all(names.map(async (name) => String(await redis.command('DUMP', name))));
    const all = [...names, ...dumps].join('\n');
    expect(all).toContain('answer');
    for (const token of [CANARY_TOKEN, encodeURIComponent(CANARY_TOKEN), CANARY_TOKEN.slice(0, 8)])
      expect(all).not.toContain(token);
  });

  /** Settles when the gateway knows that another one holds the lease. */
  async function beginToWait(gateway: TestGateway, id: string) {
    const scriptsRun = async () =>
      [...String(await redis.command('INFO', 'commandstats')).matchAll(/cmdstat_eval\w*:calls=(\d+)/g)]
        .map(([, calls]) => Number(calls))
        .reduce((sum, calls) => sum + calls, 0);
    const before = await scriptsRun();
    const answer = read(gateway, id).catch(() => 'cut');
    await expect.poll(scriptsRun, SOON).toBeGreaterThan(before);
    return { answer };
  }

  test('who is stopped answers first what another one is buying for it', async () => {
    await using upstream = await startScriptedUpstream(held());
    const [first, second] = [await start(upstream), await start(upstream)];
    const bought = read(first, '7');
    await upstream.received(1);
    const waited = await beginToWait(second, '7');
    const stopped = second.stop();
    upstream.release();
    expect([await bought, await waited.answer]).toEqual([starOf('7'), starOf('7')]);
    expect(await stopped).toEqual([]);
    expect(upstream.calls).toHaveLength(1);
  });

  test('a forced stop waits for no other replica', async () => {
    await using upstream = await startScriptedUpstream(held());
    const [first, second] = [await start(upstream), await start(upstream)];
    const bought = read(first, '7');
    await upstream.received(1);
    const waited = await beginToWait(second, '7');
    const stopped = second.stop();
    second.forceStop();
    expect(await stopped).toEqual([]);
    expect(await waited.answer).not.toBe(starOf('7'));
    upstream.release();
    expect(await bought).toBe(starOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });
});
