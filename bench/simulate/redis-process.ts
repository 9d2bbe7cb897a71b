import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import type { RedisLocation } from '../../src/config/redis-location.ts';
import { systemTimers, within } from '../../src/domain/time.ts';
import { openRedisLink, type RedisLink } from '../../src/stores/redis/link.ts';
import { freePort } from '../machine/free-port.ts';

/** A real server on loopback, in memory alone, with a link to it. */
export interface RedisProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly location: RedisLocation;
  readonly link: RedisLink;
  /** Again and again until it is done: on a busy machine the link gives up a command that takes long, as the gateway wants it. */
  insist<Reply>(command: () => Promise<Reply>): Promise<Reply>;
  /** The fields of a section of `INFO`. */
  info(section: string): Promise<ReadonlyMap<string, string>>;
  /** By SIGKILL. */
  kill(): void;
  /** By SIGSTOP: connections are taken by the kernel, and nothing is answered. */
  pause(): void;
}

export async function startRedis(): Promise<RedisProcess> {
  const [host, port] = ['127.0.0.1', await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-redis-'));
  const args = ['--port', String(port), '--bind', host, '--dir', folder, '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const location: RedisLocation = {
    kind: 'single',
    nodes: [{ host, port }],
    isTls: false,
    username: undefined,
    password: undefined,
    database: 0,
    sentinelName: undefined,
    sentinelPassword: undefined,
  };
  const link = openRedisLink({
    location,
    probeKey: 'probe',
    within: (ms, promise) => within(systemTimers, ms, promise),
  });
  await Promise.race([link.firstUp, ended.then(() => Promise.reject(new Error('redis-server did not start')))]);
  async function insist<Reply>(command: () => Promise<Reply>): Promise<Reply> {
    for (;;) {
      try {
        return await command();
      } catch {
        await elapsed(20);
      }
    }
  }

  return {
    url: `redis://${host}:${port}`,
    port,
    location,
    link,
    insist,
    async info(section) {
      const text = await insist(() => link.run((client) => client.info(section)));
      return new Map(text.split('\r\n').map((line) => line.split(':', 2) as [string, string]));
    },
    kill: () => void child.kill('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    async [Symbol.asyncDispose]() {
      await link.close();
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
