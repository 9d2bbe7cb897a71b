import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { describe, onTestFinished } from 'vitest';
import { startFaultProxy } from './fault-proxy.ts';

const HOST = '127.0.0.1';
const BINARIES = ['redis-server', 'valkey-server'];
const POLL_MS = 20;
/** Far beyond what a server takes to start, or a cluster to form. */
const PATIENCE_MS = 20_000;
const NOTHING_ON_DISK = ['--save', '', '--appendonly', 'no'];

const redisPath = findRedis();

/** Whether a Redis or a Valkey is on this machine. */
export const hasRedis = redisPath !== undefined;

/** `REDIS_SERVER_PATH`, which then is the only one, or what is on the PATH. */
function findRedis(): string | undefined {
  const given = process.env['REDIS_SERVER_PATH'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const usual = BINARIES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return (given ? [given] : usual).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns whether a program of that name is on the PATH */
export function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

/** Whether tests with a Redis are to run. Under CI they always are: a check that skips itself proves nothing there. */
function expectsRedis(name: string): boolean {
  if (hasRedis || process.env['CI'] === 'true') return true;
  process.stderr.write(`SKIPPED: ${name}: no redis-server on this machine. Install one, or set REDIS_SERVER_PATH.\n`);
  return false;
}

export function describeWithRedis(name: string, fn: () => void): void {
  describe.skipIf(!expectsRedis(name))(name, fn);
}

export interface RedisOptions {
  /** More of the command line, such as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
  readonly password?: string;
  /** A free one by default. */
  readonly port?: number;
}

/** A real server on loopback, in a folder of its own. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Asks it in a way that no fault between it and the product reaches. @throws what the server says is wrong */
  command(name: string, ...args: (string | number | Buffer)[]): Promise<unknown>;
  /** By SIGKILL. */
  kill(): Promise<void>;
  /** By SIGSTOP: connections are taken by the kernel, and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Kills it where it still runs, and starts it on the same port with what is on its disk: nothing, as a rule. */
  restart(moreArgs?: readonly string[]): Promise<void>;
}

/** Settles when it answers. Nothing is persisted, except where `args` say so. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kol-redis-'));
  const { password, port = await freePort(), args = [] } = options;
  const fixed = ['--port', String(port), '--bind', HOST, '--dir', folder, ...NOTHING_ON_DISK];
  const secret = password === undefined ? [] : ['--requirepass', password];
  const server = serverProcess({ folder, port, args: [...fixed, ...secret, ...args], password });
  try {
    await server.restart();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    // Somebody else took it since it was found free.
    if (options.port === undefined && /already in use/i.test(String(error))) return startRedis(options);
    throw error;
  }
  return server;
}

interface Spawned {
  readonly folder: string;
  readonly port: number;
  readonly args: readonly string[];
  readonly password?: string | undefined;
}

function serverProcess({ folder, port, args, password }: Spawned): RedisServer {
  const auth = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const inspector = new Redis({
    ...{ host: HOST, port, lazyConnect: true, retryStrategy: () => POLL_MS, maxRetriesPerRequest: null },
    // A server that loads, or that is another's replica, is asked all the same.
    enableReadyCheck: false,
    ...(password !== undefined && { password }),
  });
  inspector.on('error', () => {});
  let child: ChildProcess | undefined;

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async function dispose(): Promise<void> {
    inspector.disconnect();
    await kill();
    rmSync(folder, { recursive: true, force: true });
  }

  disposeAfterTest(dispose);
  return {
    port,
    url: `redis://${auth}${HOST}:${port}`,
    command: (name, ...rest) => inspector.call(name, rest),
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async restart(moreArgs = []) {
      if (redisPath === undefined) throw new Error('expected a redis-server on the PATH or in REDIS_SERVER_PATH');
      await kill();
      child = spawn(redisPath, [...args, ...moreArgs], { stdio: ['ignore', 'pipe', 'pipe'] });
      const isThis = new RegExp(`process_id:${child.pid}\\b`);
      // Another server may have the port; this one's end then tells of it.
      const started = until('a server to answer', async () => isThis.test(await inspector.info('server')));
      await Promise.race([started, endOf(child)]);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** A test that fails by its time never leaves its `await using`. */
function disposeAfterTest(dispose: () => Promise<void>): void {
  try {
    onTestFinished(dispose);
  } catch {
    // Started by a hook, which disposes of it in another one.
  }
}

/** Rejects, with what it wrote, when the process ends. */
function endOf(child: ChildProcess): Promise<never> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  return once(child, 'close').then(() => Promise.reject(new Error(`redis-server ended: ${output}`)));
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Asks until the answer is as hoped for. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  while (!(await isSo())) {
    if (deadline.aborted) throw new Error(`expected ${what} within ${PATIENCE_MS} ms`);
    await elapsed(POLL_MS);
  }
}

export interface RedisCluster extends AsyncDisposable {
  /** Every node's, separated by commas. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
}

const SLOTS = 16_384;
/** How long a master takes part in a failover that was asked for. */
const FAILOVER_MS = 5000;

function startClusterNode(busPort: number): Promise<RedisServer> {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-announce-ip', HOST];
  const soon = ['--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0'];
  return startRedis({ args: [...cluster, ...soon] });
}

/** Three masters, each with a third of the slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const busPorts = await Promise.all([freePort(), freePort(), freePort()]);
  const nodes = await Promise.all(busPorts.map(startClusterNode));
  const share = SLOTS / nodes.length;
  for (const [index, node] of nodes.entries()) {
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    await node.command('CLUSTER', 'ADDSLOTSRANGE', Math.ceil(index * share), Math.ceil((index + 1) * share) - 1);
    if (index > 0) await nodes[0]?.command('CLUSTER', 'MEET', HOST, node.port, busPorts[index] ?? 0);
  }
  for (const node of nodes) {
    await until('a cluster to form', async () => {
      const info = String(await node.command('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`);
    });
  }
  return { url: nodes.map(({ url }) => url).join(), nodes, [Symbol.asyncDispose]: () => disposeAll(nodes) };
}

export interface RedisSentinel extends AsyncDisposable {
  /** The sentinel's, with the name of the master. */
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;
  /** Kills the master. Settles when the sentinel has made the replica the master. */
  failOver(): Promise<void>;
}

/** A master, a replica of it, and one sentinel that is quick to decide. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
  const replica = await startReplicaOf(master);
  const sentinel = await startSentinel(master.port);
  await until('a sentinel to see the replica', async () => {
    const [found] = (await sentinel.command('SENTINEL', 'REPLICAS', 'main')) as string[][];
    return found?.[found.indexOf('flags') + 1] === 'slave' && found[found.indexOf('master-link-status') + 1] === 'ok';
  });
  return {
    url: `redis://${HOST}:${sentinel.port}?sentinel=main`,
    master,
    replica,
    sentinel,
    async failOver() {
      await master.kill();
      await until('a replica to become the master', async () =>
        String(await replica.command('ROLE')).startsWith('master'),
      );
      await until('a sentinel to name the new master', async () => {
        const [, port] = (await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as string[];
        return Number(port) === replica.port;
      });
    },
    [Symbol.asyncDispose]: () => disposeAll([sentinel, replica, master]),
  };
}

/** Servers behind one store, of which one takes writes. */
export interface RedisPair extends AsyncDisposable {
  readonly url: string;
  /** Makes the other one the primary. The one that was it before lives on as its replica, with all its connections. */
  switchOver(): Promise<void>;
}

async function startReplicaOf({ port }: RedisServer): Promise<RedisServer> {
  const quickly = ['--repl-diskless-sync-delay', '0'];
  const replica = await startRedis({ args: ['--replicaof', HOST, String(port), ...quickly] });
  await until('a replica to follow', () => follows(replica));
  return replica;
}

const follows = async (replica: RedisServer) => String(await replica.command('ROLE')).includes('connected');

/** @param point says to clients where the primary is */
async function switchRoles(from: RedisServer, to: RedisServer, point: (to: RedisServer) => unknown): Promise<void> {
  await to.command('REPLICAOF', 'NO', 'ONE');
  await from.command('REPLICAOF', HOST, to.port);
  await point(to);
  await until('a replica to follow', () => follows(from));
}

/** Behind one address, as of a managed Redis. */
export async function startRedisBehindAddress(): Promise<RedisPair> {
  let primary = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
  let replica = await startReplicaOf(primary);
  const address = await startFaultProxy(primary.port);
  return {
    url: address.url,
    async switchOver() {
      await switchRoles(primary, replica, ({ port }) => address.leadTo(port));
      [primary, replica] = [replica, primary];
    },
    [Symbol.asyncDispose]: () => disposeAll([address, primary, replica]),
  };
}

/** Behind a Sentinel that is told of the change; one that makes it also ends the connections. */
export async function startRedisBehindSentinel(): Promise<RedisPair> {
  let { url, master: primary, replica, sentinel } = await startRedisSentinel();
  return {
    url,
    async switchOver() {
      await switchRoles(primary, replica, async ({ port }) => {
        await sentinel.command('SENTINEL', 'REMOVE', 'main');
        await sentinel.command('SENTINEL', 'MONITOR', 'main', HOST, port, 1);
      });
      [primary, replica] = [replica, primary];
    },
    [Symbol.asyncDispose]: () => disposeAll([sentinel, replica, primary]),
  };
}

export interface RedisClusterPair extends RedisPair {
  /** Kills the master. Settles when its replica is the master. */
  failOver(): Promise<void>;
}

/** A Cluster with all slots on one master, and a replica of it. */
export async function startRedisClusterPair(): Promise<RedisClusterPair> {
  const start = async () => startClusterNode(await freePort());
  let [primary, replica] = await Promise.all([start(), start()]);
  await primary.command('CLUSTER', 'ADDSLOTSRANGE', 0, SLOTS - 1);
  await replica.command('CLUSTER', 'MEET', HOST, primary.port, await busPortOf(primary));
  const id = await primary.command('CLUSTER', 'MYID');
  await until('a node to know the master', async () =>
    String(await replica.command('CLUSTER', 'NODES')).includes(String(id)),
  );
  await replica.command('CLUSTER', 'REPLICATE', String(id));
  for (const node of [primary, replica])
    await until('a cluster to form', async () =>
      String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
  await until('a replica to follow', () => follows(replica));
  return {
    url: `${primary.url},${replica.url}`,
    async switchOver() {
      let askedAtMs = Number.NEGATIVE_INFINITY;
      await until('a replica to become the master', async () => {
        // A machine that is busy lets the votes come too late, after which a failover is given up.
        if (performance.now() - askedAtMs > FAILOVER_MS) {
          await replica.command('CLUSTER', 'FAILOVER');
          askedAtMs = performance.now();
        }
        return String(await replica.command('ROLE')).startsWith('master');
      });
      await until('a replica to follow', () => follows(primary));
      [primary, replica] = [replica, primary];
    },
    async failOver() {
      await primary.kill();
      await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
      await until('a replica to become the master', async () =>
        String(await replica.command('ROLE')).startsWith('master'),
      );
    },
    [Symbol.asyncDispose]: () => disposeAll([primary, replica]),
  };
}

async function busPortOf(node: RedisServer): Promise<number> {
  return Number(((await node.command('CONFIG', 'GET', 'cluster-port')) as string[])[1]);
}

async function startSentinel(masterPort: number): Promise<RedisServer> {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'kol-sentinel-'))];
  const path = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    `bind ${HOST}`,
    `dir ${folder}`,
    `sentinel monitor main ${HOST} ${masterPort} 1`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 3000',
  ];
  writeFileSync(path, lines.join('\n'));
  const sentinel = serverProcess({ folder, port, args: [path, '--sentinel'] });
  await sentinel.restart();
  return sentinel;
}

async function disposeAll(servers: readonly AsyncDisposable[]): Promise<void> {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
}
