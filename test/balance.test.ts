import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { sightingsIn } from './faults/canary-secrets.ts';
import { STARS_OF } from './operations.ts';
import { ECHO } from './support/raw-responses.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis-server.ts';
import {
  answers,
  type Behaviour,
  failsWith,
  held,
  replies,
  type ScriptedUpstream,
  startScriptedUpstream,
} from './support/scripted-upstream.ts';
import { createTestClock } from './support/test-clock.ts';
import { CANARY_TOKEN, startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { BALANCE_PATH, balanceEnvelope, byPath, tellsBalance } from './support/vendor-account.ts';

const HOUR_MS = 3_600_000;
const HOURLY = { UPSTREAM_BALANCE_SECONDS: '3600' };

const startUpstream = (balance: Behaviour, otherwise = answers) =>
  startScriptedUpstream(byPath({ [BALANCE_PATH]: balance }, otherwise));

/** One after the other; the last one serves all that follow. */
function inTurn(...behaviours: [Behaviour, ...Behaviour[]]): Behaviour {
  let calls = 0;
  return (socket, call) => {
    calls += 1;
    (behaviours[Math.min(calls, behaviours.length) - 1] as Behaviour)(socket, call);
  };
}

const balanceCalls = ({ calls }: ScriptedUpstream) => calls.filter(({ path }) => path.startsWith('/user')).length;
const textOf = async (gateway: TestGateway, path: string) => (await fetch(gateway.origin + path)).text();
const balanceIn = async (gateway: TestGateway): Promise<unknown> =>
  (JSON.parse(await textOf(gateway, '/account')) as { balance: unknown }).balance;
const gaugesOf = async (gateway: TestGateway) =>
  (await textOf(gateway, '/metrics')).split('\n').filter((line) => line.startsWith('kol_gateway_upstream_balance'));
const logLines = (gateway: TestGateway): readonly { msg: string; level: string; reason?: string }[] =>
  gateway
    .logText()
    .split('\n')
    .filter((line) => line.includes('balance'))
    .map((line) => JSON.parse(line));

describe('the balance of the account', () => {
  test('is never asked for where nobody says how often, and appears in no metric', async () => {
    await using upstream = await startUpstream(tellsBalance());
    await using gateway = await startTestGateway({ upstream });
    await gateway.query(STARS_OF, { ids: ['1'] });
    gateway.clock.advanceMs(24 * HOUR_MS);
    await gateway.query(STARS_OF, { ids: ['2'] });
    expect(await balanceIn(gateway)).toBeNull();
    expect(await gaugesOf(gateway)).toEqual([]);
    expect(upstream.calls.map(({ path }) => path)).not.toContainEqual(expect.stringMatching(/^\/(user|status)/));
    expect(upstream.calls).toHaveLength(2);
  });

  test('is read at the start and once in each interval, and told as the vendor wrote it', async () => {
    await using upstream = await startUpstream(inTurn(tellsBalance('123.4500'), tellsBalance('99.1')));
    await using gateway = await startTestGateway({ upstream, env: HOURLY });
    const startMs = gateway.clock.nowMs();
    const told = (amount: string, readAtMs: number) => ({
      ...{ amount, currency: 'CNY', readAt: new Date(readAtMs).toISOString() },
    });
    await expect.poll(() => balanceIn(gateway)).toEqual(told('123.4500', startMs));
    expect(await gaugesOf(gateway)).toEqual([
      'kol_gateway_upstream_balance{currency="CNY"} 123.45',
      `kol_gateway_upstream_balance_read_timestamp_seconds ${startMs / 1000}`,
      'kol_gateway_upstream_balance_interval_seconds 3600',
    ]);
    gateway.clock.advanceMs(HOUR_MS - 1);
    expect(balanceCalls(upstream)).toBe(1);
    gateway.clock.advanceMs(1);
    await expect.poll(() => balanceIn(gateway)).toEqual(told('99.1', startMs + HOUR_MS));
    expect(balanceCalls(upstream)).toBe(2);
    expect(logLines(gateway)).toMatchObject([{ level: 'info', msg: 'the balance at the upstream was read' }]);
  });

  test('that cannot be read keeps its last value, is warned of once, and affects no purchase', async () => {
    const echo = replies(200, balanceEnvelope(ECHO, ECHO), { 'x-echo': ECHO });
    const refusal = replies(401, ECHO);
    await using upstream = await startUpstream(inTurn(tellsBalance(), failsWith(601), echo, refusal));
    await using gateway = await startTestGateway({ upstream, env: { ...HOURLY, UPSTREAM_DAILY_BUDGET: '5' } });
    await expect.poll(() => balanceIn(gateway)).not.toBeNull();
    const [known, gauges] = [await balanceIn(gateway), await gaugesOf(gateway)];
    for (const count of [2, 3, 4, 5]) {
      await expect.poll(() => gateway.clock.pending).toBe(1);
      gateway.clock.advanceMs(HOUR_MS);
      await upstream.received(count);
    }
    await expect.poll(() => gateway.clock.pending).toBe(1);
    expect([await balanceIn(gateway), await gaugesOf(gateway)]).toEqual([known, gauges]);
    expect(logLines(gateway)).toMatchObject([
      { level: 'info' },
      { level: 'warn', reason: expect.stringContaining('got code 601') },
      { level: 'warn', reason: 'HTTP status 401 without the documented envelope' },
    ]);

    const { errors } = await gateway.query(STARS_OF, { ids: ['1'] });
    expect(errors).toBeUndefined();
    expect((await fetch(`${gateway.origin}/readyz`)).status).toBe(200);
    expect(JSON.parse(await textOf(gateway, '/account'))).toMatchObject({ billed: 1, unknown: 0, remaining: 4 });
    const metrics = await textOf(gateway, '/metrics');
    expect(metrics).toContain('kol_gateway_upstream_breaker_open{reason="account"} 0\n');
    expect(metrics).toContain('kol_gateway_upstream_attempts_total{endpoint="kol-link-info",outcome="ok"} 1\n');
    expect(sightingsIn(gateway.logText() + metrics + (await textOf(gateway, '/account')))).toEqual([]);
  });

  test('that was never read has a time of 0 and no value', async () => {
    await using upstream = await startUpstream(failsWith(301));
    await using gateway = await startTestGateway({ upstream, env: HOURLY });
    await expect.poll(() => logLines(gateway)).toHaveLength(1);
    expect(await gaugesOf(gateway)).toEqual([
      'kol_gateway_upstream_balance_read_timestamp_seconds 0',
      'kol_gateway_upstream_balance_interval_seconds 3600',
    ]);
    expect(await balanceIn(gateway)).toBeNull();
  });

  test('holds up neither the start nor the stop while its read is open, and leaves no timer', async () => {
    await using upstream = await startUpstream(held(tellsBalance()));
    await using gateway = await startTestGateway({ upstream, env: HOURLY });
    await upstream.received(1);
    expect(await gateway.stop()).toEqual([]);
    expect(gateway.clock.pending).toBe(0);
    expect(logLines(gateway)).toEqual([]);
  });

  test('is not read any more while the last purchases end', async () => {
    const purchase = held();
    await using upstream = await startUpstream(tellsBalance(), purchase);
    await using gateway = await startTestGateway({ upstream, env: { UPSTREAM_BALANCE_SECONDS: '60' } });
    await expect.poll(() => balanceIn(gateway)).not.toBeNull();
    const asking = gateway.query(STARS_OF, { ids: ['1'] });
    await upstream.received(2);
    const timers = gateway.clock.pending;
    const stopping = gateway.stop();
    expect(gateway.clock.pending).toBe(timers - 1);
    gateway.clock.advanceMs(60_000);
    (purchase as Behaviour & { release(): void }).release();
    expect((await asking).errors).toBeUndefined();
    await stopping;
    expect(balanceCalls(upstream)).toBe(1);
  });

  test('is read anew when the token is replaced', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kol-token-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'token');
    writeFileSync(path, CANARY_TOKEN);
    await using upstream = await startUpstream(inTurn(tellsBalance('1.0'), tellsBalance('500.0')));
    await using gateway = await startTestGateway({
      upstream,
      env: { ...HOURLY, JUSTONEAPI_TOKEN: '', JUSTONEAPI_TOKEN_FILE: path },
    });
    await expect.poll(() => balanceIn(gateway)).toMatchObject({ amount: '1.0' });
    writeFileSync(path, 'canary-of-another-account');
    await expect.poll(() => balanceIn(gateway)).toMatchObject({ amount: '500.0' });
    expect(upstream.calls.map(({ parameters }) => parameters.get('token'))).toEqual([
      CANARY_TOKEN,
      'canary-of-another-account',
    ]);
  });

  test('is the synthetic one in sandbox mode', async () => {
    await using gateway = await startTestGateway({ env: HOURLY });
    await expect.poll(() => balanceIn(gateway)).toMatchObject({ amount: '123.4500', currency: 'CNY' });
  });
});

describeWithRedis('the balance of an account that gateways share through a Redis', () => {
  let redis: RedisServer;
  let gateways = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(() => redis.command('FLUSHALL'));

  async function start(upstream: ScriptedUpstream, clockErrorMs = 0) {
    gateways += 1;
    const gateway = await startTestGateway({
      upstream,
      env: { CACHE_STORE: redis.url, ...HOURLY },
      clock: createTestClock(Date.now() + clockErrorMs),
      identity: { name: `gateway-${gateways}` },
    });
    onTestFinished(async () => void (await gateway.stop()));
    return gateway;
  }

  /** Moves the clock meanwhile, for a Redis that answered late is asked again after a minute; whose turn it is it decides by its own clock. */
  const knows = (gateway: TestGateway, amount: string) =>
    expect
      .poll(() => {
        gateway.clock.advanceMs(60_000);
        return balanceIn(gateway);
      })
      .toMatchObject({ amount, currency: 'CNY' });

  /** As when an interval has passed on the server. */
  const endTurn = async () => {
    const [key = ''] = (await redis.command('KEYS', 'kolgw:*balance-turn*')) as string[];
    expect(await redis.command('DEL', key)).toBe(1);
  };

  test('is read by one of them for all, whoever starts when', async () => {
    await using upstream = await startUpstream(inTurn(tellsBalance('3.0'), tellsBalance('2.0')));
    const first = await start(upstream);
    const second = await start(upstream, HOUR_MS);
    for (const gateway of [first, second]) await knows(gateway, '3.0');
    expect(balanceCalls(upstream)).toBe(1);

    const [channel = ''] = (await redis.command('PUBSUB', 'CHANNELS', 'kolgw:*')) as string[];
    await expect.poll(() => redis.command('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 2]);
    await endTurn();
    await expect.poll(() => second.clock.pending).toBe(1);
    second.clock.advanceMs(HOUR_MS);
    await knows(second, '2.0');
    // Told by the other one, for its own next turn is far away.
    await expect.poll(() => balanceIn(first)).toMatchObject({ amount: '2.0' });
    first.clock.advanceMs(HOUR_MS);
    await knows(await start(upstream), '2.0');
    expect(await balanceIn(second)).toEqual(await balanceIn(first));
    expect(balanceCalls(upstream)).toBe(2);
    // The time is that of the store, which the second's clock is an hour ahead of.
    const { readAt } = (await balanceIn(first)) as { readAt: string };
    expect(Math.abs(Date.parse(readAt) - Date.now())).toBeLessThan(HOUR_MS / 2);
  });

  test('is not read while that Redis is unavailable', async () => {
    await using upstream = await startUpstream(tellsBalance());
    await using server = await startRedis();
    const gateway = await startTestGateway({
      upstream,
      env: { CACHE_STORE: server.url, ...HOURLY },
      clock: createTestClock(Date.now()),
    });
    onTestFinished(async () => void (await gateway.stop()));
    await expect.poll(() => balanceIn(gateway)).toMatchObject({ amount: '123.4500' });
    await server.kill();
    await expect.poll(() => gateway.clock.pending).toBe(1);
    gateway.clock.advanceMs(HOUR_MS);
    await expect
      .poll(() => textOf(gateway, '/metrics'))
      .toContain('kol_gateway_store_errors_total{store="redis",operation="balance"} 1\n');
    expect(await balanceIn(gateway)).toMatchObject({ amount: '123.4500' });
    expect(balanceCalls(upstream)).toBe(1);
  });
});
