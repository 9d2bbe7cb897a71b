import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parseRedisLocation, type RedisLocation } from '../../../src/config/redis-location.ts';
import { systemTimers, within } from '../../../src/domain/time.ts';
import { openRedisLink, type RedisLink } from '../../../src/stores/redis/link.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { describeWithRedis, freePort, type RedisServer, startRedis } from '../../support/redis-server.ts';

const SOON = { interval: 10 };
const PASSWORD = 'hunter2-canary';

/** A link that is closed with the test. */
function openLink(url: string) {
  const errors: string[] = [];
  const up = { times: 0 };
  const link = openRedisLink({
    within: (ms, promise) => within(systemTimers, ms, promise),
    location: parseRedisLocation(url) as RedisLocation,
    probeKey: 'probe',
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
  expect
    .poll(() => link.script('kolgwBeat', ['replicas', 'zones', 'zone', 'day', 'next'], 'one', 15, 3600, 'UTC', 0), SOON)
    .toHaveLength(5);
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
    expect(await atOnce(link)).toMatch(/^RedisError: Redis is unavailable: .*ECONNREFUSED/);
    expect(up.times).toBe(0);
    await server.restart();
    await link.firstUp;
    await answersSoon(link);
  });

  test('whose server was killed fails at once, and comes up by itself when it is back', async () => {
    const { link, server, up } = await setUp();
    await server.kill();
    await isDownSoon(link);
    expect(await atOnce(link)).toContain('RedisError: Redis is unavailable');
    await server.restart();
    await beatsSoon(link);
    expect(up.times).toBeGreaterThanOrEqual(2);
  });

  test('whose server stands still fails at once after one late reply, and is up again when it goes on', async () => {
    const { link, server } = await setUp();
    server.pause();
    const late = ping(link).catch((error: Error) => error.name);
    await isDownSoon(link);
    expect(await atOnce(link)).toContain('Redis is unavailable');
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
    expect(await atOnce(link)).toContain('Redis is unavailable');
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
    expect(message).toMatch(/Redis is unavailable: .*(WRONGPASS|NOAUTH)/);
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

  test('that is closed is down, and its first up settles all the same', async () => {
    const { link } = openLink('redis://127.0.0.1:1');
    await link.close();
    await link.firstUp;
    expect(link.isUp).toBe(false);
    expect(await atOnce(link)).toContain('Redis is unavailable');
  });
});

/** What makes a server refuse writes while the connection stays, and what ends it. */
interface Refusing {
  readonly code: string;
  /** Where the code is not in its words. */
  readonly says?: string;
  readonly args?: readonly string[];
  /** Its own by default. */
  readonly url?: (server: RedisServer) => string;
  readonly allowsReads: boolean;
  readonly begin: (server: RedisServer) => Promise<unknown>;
  readonly end: (server: RedisServer) => Promise<unknown>;
}

const set = (name: string, value: string | number) => (server: RedisServer) =>
  server.command('CONFIG', 'SET', name, value);
const promote = (server: RedisServer) => server.command('REPLICAOF', 'NO', 'ONE');

async function failToSave(server: RedisServer): Promise<void> {
  await server.command('CONFIG', 'SET', 'dir', '/proc');
  await server.command('BGSAVE').catch(() => {});
  await expect.poll(() => server.command('INFO', 'persistence'), SOON).toContain('rdb_last_bgsave_status:err');
}

/** A Cluster of one node that keeps the first slot: without any it would take five seconds to be up again. */
const UNCOVERED: Omit<Refusing, 'url'> = {
  code: 'CLUSTERDOWN',
  args: ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no', '--cluster-announce-ip', '127.0.0.1'],
  allowsReads: false,
  begin: (server) => server.command('CLUSTER', 'DELSLOTSRANGE', 1, 16_383),
  end: (server) => server.command('CLUSTER', 'ADDSLOTSRANGE', 1, 16_383),
};

const REFUSING: readonly Refusing[] = [
  {
    ...{ code: 'READONLY', allowsReads: true, end: promote },
    begin: (server) => server.command('REPLICAOF', '127.0.0.1', 1),
  },
  {
    ...{ code: 'MASTERDOWN', args: ['--replica-serve-stale-data', 'no'], allowsReads: false, end: promote },
    begin: (server) => server.command('REPLICAOF', '127.0.0.1', 1),
  },
  { code: 'OOM', allowsReads: true, begin: set('maxmemory', 1), end: set('maxmemory', 0) },
  {
    ...{ code: 'NOREPLICAS', allowsReads: true },
    ...{ begin: set('min-replicas-to-write', 1), end: set('min-replicas-to-write', 0) },
  },
  {
    ...{ code: 'MISCONF', args: ['--enable-protected-configs', 'yes', '--save', '3600 1000000'], allowsReads: true },
    ...{ begin: failToSave, end: set('stop-writes-on-bgsave-error', 'no') },
  },
  {
    ...{ code: 'NOPERM', says: "can't run this command|NOPERM", allowsReads: true },
    begin: (server) => server.command('ACL', 'SETUSER', 'default', '-@write'),
    end: (server) => server.command('ACL', 'SETUSER', 'default', '+@all'),
  },
  { ...UNCOVERED, url: ({ url }) => url },
  { ...UNCOVERED, url: ({ url }) => `${url}?cluster=true` },
];

describeWithRedis('a link whose server takes no writes any more', () => {
  const count = (link: RedisLink) => link.script('kolgwCount', ['count'], 60_000);
  const countsSoon = (link: RedisLink) => expect.poll(() => count(link), SOON).toHaveLength(2);
  const read = (link: RedisLink) => link.read((client) => client.get('kept'));

  test.each(REFUSING)(
    '($code) is down until the server does, whoever asks, and reads all the same: $allowsReads',
    async ({ code, says = code, args = [], url = (server) => server.url, allowsReads, begin, end }) => {
      await using server = await startRedis({ args });
      if (code === 'CLUSTERDOWN') await server.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
      const { errors, link, up } = openLink(url(server));
      await countsSoon(link);
      await server.command('SET', 'kept', 'answer');
      const upBefore = up.times;
      await begin(server);
      const isRefused = () => count(link).then(() => '', String);
      await expect.poll(isRefused, SOON).toContain(`Redis is unavailable: `);
      expect(await isRefused()).toMatch(new RegExp(says));
      await expect.poll(() => errors.join(), SOON).toMatch(new RegExp(says));
      if (allowsReads) await expect.poll(() => read(link), SOON).toBe('answer');
      else await expect(read(link)).rejects.toThrow('Redis is unavailable');
      await end(server);
      await countsSoon(link);
      expect(up.times).toBeGreaterThan(upBefore);
    },
  );

  test('because it loads what is on its disk is down until that is done', async () => {
    await using server = await startRedis();
    await server.command('EVAL', "for i = 1, 500 do redis.call('SET', i, string.rep('x', 1100)) end", 0);
    await server.command('SAVE');
    const { errors, link } = openLink(server.url);
    await countsSoon(link);
    await server.restart(['--key-load-delay', '50000', '--loading-process-events-interval-bytes', '1024']);
    await expect.poll(() => errors.join(), SOON).toContain('LOADING');
    expect(link.isUp).toBe(false);
    await server.command('CONFIG', 'SET', 'key-load-delay', 0);
    await countsSoon(link);
  });

  test('follows its address to the one that takes them now', async () => {
    await using first = await startRedis();
    await using second = await startRedis({ args: ['--replicaof', '127.0.0.1', String(first.port)] });
    await using proxy = await startFaultProxy(first.port);
    const { errors, link } = openLink(proxy.url);
    const heard: string[] = [];
    link.subscribe('news', (message) => heard.push(message));
    await countsSoon(link);
    await expect.poll(() => first.command('PUBSUB', 'NUMSUB', 'news'), SOON).toEqual(['news', 1]);
    await promote(second);
    await first.command('REPLICAOF', '127.0.0.1', 1);
    proxy.leadTo(second.port);
    await countsSoon(link);
    expect(errors.join()).toContain('READONLY');
    expect(Number(await second.command('GET', 'count'))).toBeGreaterThan(0);
    await expect.poll(() => second.command('PUBLISH', 'news', 'one'), SOON).toBe(1);
    await expect.poll(() => heard, SOON).toEqual(['one']);
  });

  test('and never did is not up, and says why', async () => {
    await using server = await startRedis({ args: ['--replicaof', '127.0.0.1', '1'] });
    const { errors, link, up } = openLink(server.url);
    await expect.poll(() => errors.join(), SOON).toContain('READONLY');
    expect([link.isUp, up.times]).toEqual([false, 0]);
    await promote(server);
    await countsSoon(link);
  });

  test('but refuses one command only stays up, and asks no more often than twice a second whether it does', async () => {
    await using server = await startRedis();
    const { errors, link } = openLink(server.url);
    await countsSoon(link);
    await server.command('ACL', 'SETUSER', 'default', '-publish');
    const probes = async () =>
      Number(/cmdstat_del:calls=(\d+)/.exec(String(await server.command('INFO', 'commandstats')))?.[1]);
    const before = await probes();
    const startedAtMs = performance.now();
    for (let times = 0; times < 50; times += 1) {
      const refused = link.run((client) => client.publish('news', 'one'));
      await expect(refused).rejects.toThrow(/NOPERM|Redis is unavailable/);
    }
    await expect.poll(probes, SOON).toBeGreaterThan(before);
    expect((await probes()) - before).toBeLessThanOrEqual(1 + (performance.now() - startedAtMs) / 500);
    await countsSoon(link);
    expect(errors).toEqual([]);
  });

  test('tells that it may not listen to its channel', async () => {
    await using server = await startRedis();
    await server.command('ACL', 'SETUSER', 'default', 'resetchannels');
    const { errors, link } = openLink(server.url);
    link.subscribe('news', () => {});
    await expect.poll(() => errors.join(), SOON).toMatch(/NOPERM.*channel/);
    await countsSoon(link);
  });
});

describeWithRedis('a link to a Cluster', () => {
  test('does not run a script again whose reply was lost', async () => {
    const port = await freePort();
    await using proxy = await startFaultProxy(port);
    const args = [
      '--cluster-enabled',
      'yes',
      '--cluster-announce-ip',
      '127.0.0.1',
      '--cluster-require-full-coverage',
      'no',
    ];
    const [busPort, otherBusPort] = [await freePort(), await freePort()];
    const announced = ['--cluster-port', String(busPort), '--cluster-announce-port', String(proxy.port)];
    await using server = await startRedis({ port, args: [...args, ...announced] });
    // The client of a Cluster gives up what is under way when no node is left.
    await using other = await startRedis({ args: [...args, '--cluster-port', String(otherBusPort)] });
    await server.command('CLUSTER', 'ADDSLOTSRANGE', 1, 16_383);
    await other.command('CLUSTER', 'ADDSLOTSRANGE', 0, 0);
    await other.command('CLUSTER', 'SET-CONFIG-EPOCH', 7);
    await other.command('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    for (const node of [server, other])
      await expect.poll(() => node.command('CLUSTER', 'INFO'), SOON).toMatch(/assigned:16384[\s\S]*nodes:2/);
    const { link } = openLink(`${proxy.url},${other.url}`);
    await link.firstUp;
    proxy.delay(5000);
    const lost = link.script('kolgwCount', ['count'], 60_000).catch((error: Error) => error.name);
    await expect.poll(() => server.command('GET', 'count'), SOON).toBe('1');
    proxy.cut();
    proxy.heal();
    expect(await lost).toBe('RedisError');
    await expect.poll(() => link.script('kolgwCount', ['other'], 60_000), SOON).toHaveLength(2);
    expect(await server.command('GET', 'count')).toBe('1');
  });
});
