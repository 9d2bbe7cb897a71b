import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { parseConfig } from '../../src/config/config.ts';
import { createRedisKeys } from '../../src/stores/redis/keys.ts';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { createAuthority, describeWithTls, startTlsRedis } from '../support/redis-tls.ts';
import { replies, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { CANARY_TOKEN } from '../support/test-gateway.ts';
import { utcDayOf } from '../support/utc-days.ts';

const PASSWORD = 'hunter2-canary';

/** What the command prints, and whether all is well. */
async function run(store: string, baseUrl: string) {
  const config = parseConfig({
    ...{ JUSTONEAPI_BASE_URL: baseUrl, JUSTONEAPI_TOKEN: CANARY_TOKEN, CACHE_STORE: store },
    UPSTREAM_DAILY_BUDGET: '50',
  });
  const lines: string[] = [];
  const isGood = await check(config, (line) => lines.push(line));
  return { isGood, ledger: lines.filter((line) => line.startsWith('ledger: ')), out: lines.join('\n') };
}

describeWithRedis('kol-gateway check', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis({ password: PASSWORD });
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  test('prints the ledger that is in Redis, and changes nothing', async () => {
    await using upstream = await startScriptedUpstream(replies(200, 'pong'));
    const keys = createRedisKeys(`v1 ${new URL(upstream.baseUrl).origin}`);
    const day = utcDayOf(Date.now());
    await redis.command('HSET', keys.spent(day), 'billed', 12, 'unknown', 3, 'open', 1);
    const { isGood, ledger, out } = await run(redis.url, upstream.baseUrl);
    expect(ledger).toEqual([`ledger: ${day}: 12 billed, 3 perhaps billed, 1 in flight (50)`]);
    expect([isGood, out.includes(PASSWORD)]).toEqual([true, false]);
    expect(await redis.command('KEYS', keys.updates.replace('news', '*'))).toEqual([keys.spent(day)]);
    expect(upstream.calls.map(({ path }) => path)).toEqual(['/ping']);
  });

  test.each([
    ['is away', () => 'redis://:hunter2-canary@127.0.0.1:1/3', /ECONNREFUSED/],
    ['has another password', () => redis.url.replace(PASSWORD, `${PASSWORD}-wrong`), /WRONGPASS/],
    ['wants a password', () => redis.url.replace(`:${PASSWORD}@`, ''), /NOAUTH/],
  ])('says in one clear line that Redis %s, and fails', async (_, store, reason) => {
    await using upstream = await startScriptedUpstream(replies(200, 'pong'));
    const { isGood, ledger, out } = await run(store(), upstream.baseUrl);
    expect(isGood).toBe(false);
    expect(ledger).toEqual([expect.stringMatching(reason)]);
    expect(ledger[0]).toContain(`ledger: cannot be read from redis 127.0.0.1:${new URL(store()).port}: `);
    expect(ledger[0]).not.toContain('\n');
    expect(out).not.toContain(PASSWORD);
  });

  test.each([
    ['takes no writes', ['REPLICAOF', '127.0.0.1', 1], ['REPLICAOF', 'NO', 'ONE'], /READONLY/],
    ['is full', ['CONFIG', 'SET', 'maxmemory', 1], ['CONFIG', 'SET', 'maxmemory', 0], /OOM/],
    [
      'refuses scripts',
      ['ACL', 'SETUSER', 'default', '-eval', '-evalsha'],
      ['ACL', 'SETUSER', 'default', '+@all'],
      /NOPERM/,
    ],
  ] as const)(
    'says in one clear line that Redis %s, and fails',
    async (_, [begin, ...begins], [end, ...ends], reason) => {
      await using upstream = await startScriptedUpstream(replies(200, 'pong'));
      await redis.command(begin, ...begins);
      onTestFinished(async () => void (await redis.command(end, ...ends)));
      const { isGood, ledger, out } = await run(redis.url, upstream.baseUrl);
      expect(isGood).toBe(false);
      expect(ledger).toEqual([expect.stringMatching(reason)]);
      expect(out).not.toContain(PASSWORD);
    },
  );
});

describeWithTls('kol-gateway check over TLS', () => {
  /** As a process, for Node reads `NODE_EXTRA_CA_CERTS` when it starts. */
  async function runProcess(store: string, upstream: { readonly baseUrl: string }, authorityPath: string) {
    const env = { CACHE_STORE: store, JUSTONEAPI_BASE_URL: upstream.baseUrl, JUSTONEAPI_TOKEN: CANARY_TOKEN };
    const child = spawn(process.execPath, ['bin/kol-gateway.js', 'check'], {
      env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: authorityPath, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { ledger: out.split('\n').filter((line) => line.startsWith('ledger: ')), all: out + err };
  }

  test.each(['', '?cluster=true', '?sentinel=main'])('names what is wrong with a certificate (%j)', async (search) => {
    using authority = createAuthority();
    using stranger = createAuthority();
    await using upstream = await startScriptedUpstream(replies(200, 'pong'));
    await using redis = await startTlsRedis(authority, 'localhost', { password: PASSWORD });
    await using other = await startTlsRedis(authority, 'other.example', { password: PASSWORD });
    const ask = async (url: string, path: string) => {
      const { all, ledger } = await runProcess(url.replace('://', `://:${PASSWORD}@`) + search, upstream, path);
      expect(all).not.toContain(PASSWORD);
      return ledger.join('\n');
    };
    expect(await ask(redis.tlsUrl, stranger.path)).toMatch(
      /cannot be read from .*localhost.*: the server's certificate comes from an authority that is not trusted here: .*NODE_EXTRA_CA_CERTS/,
    );
    expect(await ask(other.tlsUrl, authority.path)).toMatch(
      /certificate is for another host: .*localhost.*other\.example/,
    );
    if (search === '')
      expect(await ask(redis.tlsUrl, authority.path)).toMatch(/^ledger: .* 0 billed, 0 perhaps billed/);
  });
});
