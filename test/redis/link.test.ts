import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { openRedisLink, type RedisLink } from '../../src/redis/link.ts';
import { parseRedisLocation, type RedisLocation } from '../../src/redis/location.ts';
import { systemTimers, within } from '../../src/upstream/timers.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis-server.ts';

const SOON = { interval: 10 };
const PASSWORD = 'hunter2-canary';

/** A link that is closed with the test. */
function openLink(url: string) {
  const errors: string[] = [];
  const up = { times: 0 };
  const link = openRedisLink({
    within: (ms, promise) => within(systemTimers, ms, promise),
    location: parseRedisLocation(url) as RedisLocation,
    onError: (error) => errors.push(`${error.name}: ${error.message}`),
    onUp: () => {
      up.times += 1;
    },
  });
  onTestFinished(() => link.close());
  return { link, errors, up };
}

const ping = (link: RedisLink) => link.run((client) => client.ping());
/** A machine that is busy may make any single reply late, and the link then is down for a moment. */
const answersSoon = (link: RedisLink) => expect.poll(() => ping(link), SOON).toBe('PONG');
const beatsSoon = (link: RedisLink) =>
  expect.poll(() => link.script('kolgwBeat', ['replicas'], 'one', 15, 3600), SOON).toHaveLength(3);
const isDownSoon = (link: RedisLink) => expect.poll(() => link.isUp, SOON).toBe(false);

/** What happens to a command that is sent now, if that is known without waiting for anything. */
async function atOnce(link: RedisLink): Promise<string> {
  const ended = ping(link).catch((error: Error) => `${error.name}: ${error.message}`);
  return Promise.race([ended, new Promise<string>((resolve) => setImmediate(() => resolve('it waits')))]);
}

async function setUp(use: (server: RedisServer) => string = ({ url }) => url) {
  const server = await startRedis();
  const opened = openLink(use(server));
  await opened.link.firstUp;
  return { server, ...opened };
}

describeWithRedis('a link', () => {
  test('is up when the server has answered, and commands are sent', async () => {
    const { errors, link, up } = await setUp();
    await answersSoon(link);
    await expect.poll(() => link.script('kolgwRaise', ['k'], 2, 1, 60), SOON).toBe(1);
    await expect.poll(() => link.run((client) => client.hmget('k', 'billed', 'unknown')), SOON).toEqual(['2', '1']);
    expect(up.times).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });

  test('that was never up fails at once, says why, and comes up by itself when the server does', async () => {
    await using server = await startRedis({ password: PASSWORD });
    await server.kill();
    const { errors, link, up } = openLink(server.url);
    await expect.poll(() => errors.length, SOON).toBeGreaterThan(0);
    expect(await atOnce(link)).toMatch(/^RedisError: Redis is away: .*ECONNREFUSED/);
    expect(up.times).toBe(0);
    await server.restart();
    await link.firstUp;
    await answersSoon(link);
  });

  test('whose server was killed fails at once, and comes up by itself when it is back', async () => {
    const { link, server, up } = await setUp();
    await server.kill();
    await isDownSoon(link);
    expect(await atOnce(link)).toContain('RedisError: Redis is away');
    await server.restart();
    await beatsSoon(link);
    expect(up.times).toBeGreaterThanOrEqual(2);
  });

  test('whose server stands still fails at once after one late reply, and is up again when it goes on', async () => {
    const { link, server } = await setUp();
    server.pause();
    const late = ping(link).catch((error: Error) => error.name);
    await isDownSoon(link);
    expect(await atOnce(link)).toContain('Redis is away');
    server.resume();
    expect(['PONG', 'RedisError']).toContain(await late);
    await answersSoon(link);
  });

  test('whose connection is silent is made anew', async () => {
    await using server = await startRedis();
    await using proxy = await startFaultProxy(server.port);
    const { link } = openLink(proxy.url);
    await link.firstUp;
    proxy.blackhole();
    const lost = ping(link).catch((error: Error) => error.name);
    await isDownSoon(link);
    expect(await atOnce(link)).toContain('Redis is away');
    expect(await lost).toBe('RedisError');
    proxy.heal();
    await answersSoon(link);
  });

  test('that gets garbage is down, and up again after it', async () => {
    await using server = await startRedis();
    await using proxy = await startFaultProxy(server.port);
    const { link } = openLink(proxy.url);
    await link.firstUp;
    proxy.garbage();
    await expect(ping(link)).rejects.toThrow();
    await isDownSoon(link);
    proxy.heal();
    await answersSoon(link);
  });

  test.each([
    ['wrong', `redis://:${PASSWORD}@`],
    ['missing', 'redis://'],
    ['of another user', `redis://nobody:${PASSWORD}@`],
  ])('whose password is %s says so without it, and is never up', async (_, start) => {
    await using server = await startRedis({ password: 'another' });
    const { errors, link, up } = openLink(`${start}127.0.0.1:${server.port}`);
    await expect.poll(() => errors.join('\n'), SOON).toMatch(/WRONGPASS|NOAUTH/);
    const message = await atOnce(link);
    expect(message).toMatch(/Redis is away: .*(WRONGPASS|NOAUTH)/);
    expect(message + errors.join()).not.toMatch(new RegExp(`${PASSWORD}|another`));
    expect([link.isUp, up.times]).toEqual([false, 0]);
  });

  test('whose password becomes right comes up by itself', async () => {
    await using server = await startRedis({ password: 'another' });
    const { errors, link } = openLink(`redis://:${PASSWORD}@127.0.0.1:${server.port}`);
    await expect.poll(() => errors.length, SOON).toBeGreaterThan(0);
    await server.command('CONFIG', 'SET', 'requirepass', PASSWORD);
    await answersSoon(link);
  });

  test('is no worse for an error of a command, and tells it without what was sent', async () => {
    const { link } = await setUp();
    const errorOf = () => link.run((client) => client.call('NOSUCH', PASSWORD)).catch((error: Error) => error);
    await expect.poll(async () => String(await errorOf()), SOON).toContain("unknown command 'NOSUCH'");
    expect(inspect(await errorOf(), { depth: 9, showHidden: true })).not.toContain(PASSWORD);
    await answersSoon(link);
  });

  test('runs its scripts also when the server has forgotten them', async () => {
    const { link, server } = await setUp();
    for (let time = 0; time < 2; time += 1) {
      await Promise.all([beatsSoon(link), beatsSoon(link), answersSoon(link)]);
      await server.command('SCRIPT', 'FLUSH');
    }
    await beatsSoon(link);
    expect(String(await server.command('INFO', 'errorstats'))).toContain('errorstat_NOSCRIPT');
  });

  test('hears what is published, also after its connection was lost', async () => {
    const { link, server } = await setUp();
    const heard: string[] = [];
    link.subscribe('news', (message) => heard.push(message));
    const tell = async (word: string) => {
      await expect.poll(() => server.command('PUBLISH', 'news', word), SOON).toBe(1);
      await expect.poll(() => heard.at(-1), SOON).toBe(word);
    };
    await tell('one');
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await tell('two');
    await server.restart();
    await tell('three');
    expect(heard).toEqual(['one', 'two', 'three']);
  });

  // A PING is refused then as well, while the connection stays.
  test('is up again when the server no longer refuses: a disk that was full for a while', async () => {
    await using server = await startRedis({ args: ['--enable-protected-configs', 'yes', '--save', '3600 1000000'] });
    const { link } = openLink(server.url);
    await link.firstUp;
    const folder = ((await server.command('CONFIG', 'GET', 'dir')) as string[])[1] ?? '';
    await server.command('CONFIG', 'SET', 'dir', '/proc');
    await server.command('BGSAVE').catch(() => {});
    await expect.poll(() => server.command('INFO', 'persistence'), SOON).toContain('rdb_last_bgsave_status:err');
    server.pause();
    const late = ping(link).catch(() => {});
    await isDownSoon(link);
    server.resume();
    await late;
    await server.command('CONFIG', 'SET', 'dir', folder);
    await server.command('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    await answersSoon(link);
  });

  test('that is closed is down, and its first up settles all the same', async () => {
    const { link } = openLink('redis://127.0.0.1:1');
    await link.close();
    await link.firstUp;
    expect(link.isUp).toBe(false);
    expect(await atOnce(link)).toContain('Redis is away');
  });
});
