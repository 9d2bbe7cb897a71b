import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { freePort } from '../support/redis-server.ts';

export type ProxyName = 'nginx' | 'haproxy';

/** A real proxy on loopback, with the configuration of the manual. */
export interface ProxyProcess {
  readonly origin: string;
  readonly port: number;
  /** HAProxy's table of servers, as CSV. */
  readonly stats: () => Promise<string>;
}

/** Debian puts them where only root's PATH looks. */
function findProgram(name: ProxyName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Whether tests with it are to run. Under CI they always are: a check that skips itself proves nothing there. */
export function expectsProxy(name: ProxyName): boolean {
  if (findProgram(name) !== undefined || process.env['CI'] === 'true') return true;
  process.stderr.write(
    `SKIPPED: the tests of ${name}'s block in docs/operations.md, for want of ${name}. Install it.\n`,
  );
  return false;
}

/**
 * Starts it with a block of the manual, until the test is finished.
 * @param block with the test's own addresses in it, and `LISTEN` where it is to listen
 */
export async function startProxy(name: ProxyName, block: string): Promise<ProxyProcess> {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`expected ${name} on the PATH or in /usr/sbin, found none`);
  const folder = mkdtempSync(join(tmpdir(), `kol-${name}-`));
  const port = await freePort();
  const path = join(folder, 'proxy.conf');
  writeFileSync(path, around(name, folder, block.replaceAll('LISTEN', `127.0.0.1:${port}`)));
  const args = name === 'nginx' ? ['-e', 'stderr', '-p', folder, '-c', path] : ['-db', '-q', '-f', path];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await Promise.race([
    vi.waitUntil(() => isListening(port), { timeout: 20_000 }),
    ended.then(() => Promise.reject(new Error(`${name} ended: ${output}`))),
  ]);
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    stats() {
      const socket = connect(join(folder, 'stats'));
      socket.end('show stat\n');
      return text(socket);
    },
  };
}

/** What the manual leaves to the machine's own configuration. */
function around(name: ProxyName, folder: string, block: string): string {
  if (name === 'haproxy') return `global\n  stats socket ${join(folder, 'stats')}\n${block}`;
  const ownFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  );
  return [
    'daemon off; master_process off; pid nginx.pid; error_log stderr; events {}',
    // Many machines compress whatever they can, and what compresses may wait for more.
    `http { access_log off; gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0; ${ownFolders.join(' ')}`,
    `${block}}`,
  ].join('\n');
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
