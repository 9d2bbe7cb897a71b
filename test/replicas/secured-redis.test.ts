import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { createAuthority, describeWithTls, startTlsRedis, type TestAuthority } from '../support/redis-tls.ts';
import { type Replica, startReplica, startReplicas, storeErrors } from '../support/replicas.ts';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { agree, freshStarOf, RECOVERY } from './calls-by-id.ts';

const PASSWORD = 'hunter2-canary';
/** As the documentation names them. */
const RIGHTS = (
  /ACL SETUSER kol-gateway on >PASSWORD ([^`]+)`/.exec(readFileSync('docs/operations.md', 'utf8'))?.[1] ?? ''
).split(' ');

/** What a start has written, without what came before: each line is JSON. */
function errorLinesOf(replica: Replica): string[] {
  const lines = replica
    .logText()
    .split('\n')
    .filter((line) => line.includes('the store failed'));
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  return lines;
}

async function expectToGoOnAlone(replica: Replica, says: RegExp): Promise<void> {
  expect(await replica.read('7')).toMatchObject(freshStarOf('7'));
  expect(await storeErrors(replica)).toBeGreaterThan(0);
  expect(errorLinesOf(replica).join('\n')).toMatch(says);
  expect(replica.logText()).not.toContain(PASSWORD);
}

describeWithTls('replicas over TLS', () => {
  let [authority, stranger]: TestAuthority[] = [];
  beforeAll(() => {
    [authority, stranger] = [createAuthority(), createAuthority()];
  });
  afterAll(() => {
    authority?.[Symbol.dispose]();
    stranger?.[Symbol.dispose]();
  });
  const setUp = (host: string, args: readonly string[] = []) =>
    startTlsRedis(authority as TestAuthority, host, { password: PASSWORD, args });
  const withPassword = (url: string) => url.replace('://', `://:${PASSWORD}@`);

  const CLUSTER = ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-announce-hostname', 'localhost'];

  test.each([
    ['', [], ''],
    [' of a Cluster', [...CLUSTER, '--cluster-preferred-endpoint-type', 'hostname'], '?cluster=true'],
  ])('share what they buy when they trust the authority%s', async (_, args, search) => {
    await using redis = await setUp('localhost', args);
    if (args.length > 0) await redis.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await using upstream = await startScriptedUpstream(answers);
    const env = { NODE_EXTRA_CA_CERTS: authority?.path ?? '' };
    const store = withPassword(redis.tlsUrl) + search;
    await using replicas = await startReplicas(2, { upstream, store, env });
    await agree(replicas, upstream, 'id');
    for (const replica of replicas) expect(errorLinesOf(replica).join()).not.toMatch(/certificate/);
  });

  test.each([
    [
      'they do not know its authority',
      'localhost',
      () => stranger,
      /authority that is not trusted here: self-signed certificate in certificate chain. NODE_EXTRA_CA_CERTS/,
    ],
    [
      'its certificate is for another host',
      'other.example',
      () => authority,
      /certificate is for another host: .*localhost.*other\.example/,
    ],
  ])('go on alone and say why where %s', async (_, host, trusted, says) => {
    await using redis = await setUp(host);
    await using upstream = await startScriptedUpstream(answers);
    const env = { NODE_EXTRA_CA_CERTS: trusted()?.path ?? '' };
    await using replica = await startReplica({ upstream, store: withPassword(redis.tlsUrl), env });
    await expectToGoOnAlone(replica, says);
  });
});

describeWithRedis('replicas over a user of its own', () => {
  async function setUp(...rights: readonly string[]) {
    const redis = await startRedis();
    await redis.command('ACL', 'SETUSER', 'gateway', 'on', `>${PASSWORD}`, ...rights);
    return {
      redis,
      store: redis.url.replace('://', `://gateway:${PASSWORD}@`),
      [Symbol.asyncDispose]: redis[Symbol.asyncDispose],
    };
  }

  test('share what they buy with the rights that the documentation names', async () => {
    await using stage = await setUp(...RIGHTS);
    await using upstream = await startScriptedUpstream(answers);
    const env = { UPSTREAM_DAILY_BUDGET: '100', UPSTREAM_MAX_PER_SECOND: '100' };
    await using replicas = await startReplicas(2, { upstream, store: stage.store, env });
    await agree(replicas, upstream, 'id');
    for (const replica of replicas) {
      await expect.poll(() => replica.account(), RECOVERY).toMatchObject({ billed: upstream.calls.length, open: 0 });
      expect(replica.logText()).not.toMatch(/NOPERM|INFO command/);
    }
  });

  test.each([
    ['the password is wrong', RIGHTS, 'wrong', /WRONGPASS/],
    ['it may not run scripts', [...RIGHTS, '-eval', '-evalsha'], PASSWORD, /NOPERM .*eval/],
    ['it may not write', [...RIGHTS, '-@write'], PASSWORD, /NOPERM|can't run this command/],
    ['it may not touch their keys', [...RIGHTS, 'resetkeys'], PASSWORD, /NOPERM|can't access at least one of the keys/],
  ])('go on alone and say so when %s', async (_, rights, password, says) => {
    await using stage = await setUp(...rights);
    await using upstream = await startScriptedUpstream(answers);
    await using replica = await startReplica({ upstream, store: stage.store.replace(PASSWORD, password) });
    await expectToGoOnAlone(replica, says);
    expect(replica.logText()).not.toContain(`:${password}@`);
  });

  test('buy each key once and say that a right is missing, when it may not listen to their channel', async () => {
    await using stage = await setUp(...RIGHTS, 'resetchannels');
    await using upstream = await startScriptedUpstream(answers);
    await using replicas = await startReplicas(2, { upstream, store: stage.store });
    await agree(replicas, upstream, 'id');
    for (const replica of replicas) expect(errorLinesOf(replica).join('\n')).toMatch(/NOPERM.*channel/);
  });

  test('come back by themselves when the right is given', async () => {
    await using stage = await setUp(...RIGHTS, '-@write');
    await using upstream = await startScriptedUpstream(answers);
    await using replicas = await startReplicas(2, { upstream, store: stage.store });
    for (const read of await replicas.readEverywhere('7')) expect(read).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(2);
    await stage.redis.command('ACL', 'SETUSER', 'gateway', '+@write', '-@dangerous');
    await agree(replicas, upstream, 'after');
  });
});
