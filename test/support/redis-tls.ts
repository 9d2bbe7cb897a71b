import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import {
  describeWithRedis,
  freePort,
  isOnPath,
  type RedisOptions,
  type RedisServer,
  startRedis,
} from './redis-server.ts';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** With a Redis that speaks TLS, and openssl to make its certificates. Under CI it always runs. */
export function describeWithTls(name: string, fn: () => void): void {
  if (isOnPath('openssl') || process.env['CI'] === 'true') {
    describeWithRedis(name, fn);
  } else {
    process.stderr.write(`SKIPPED: ${name}: no openssl on this machine.\n`);
    describe.skip(name, fn);
  }
}

/** An authority that nobody knows but who is told. */
export interface TestAuthority extends Disposable {
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly path: string;
  /** @returns a file that holds a key and its certificate for the host name */
  certify(host: string): string;
}

export function createAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'kol-tls-'));
  const [path, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  const openssl = (...args: readonly string[]) => execFileSync('openssl', ['req', '-x509', ...args], { stdio: 'pipe' });
  openssl(...NEW_KEY, '-subj', '/CN=authority of a test', '-keyout', key, '-out', path);
  return {
    path,
    certify(host) {
      const [hostKey, hostPath] = [join(folder, `${host}.key`), join(folder, `${host}.pem`)];
      const forHost = ['-subj', '/CN=redis', '-addext', `subjectAltName=DNS:${host}`];
      const end = ['-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', hostKey, '-out', hostPath];
      openssl('-CA', path, '-CAkey', key, ...NEW_KEY, ...forHost, ...end);
      writeFileSync(hostPath, readFileSync(hostPath) + String(readFileSync(hostKey)));
      return hostPath;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A server that speaks TLS on a port of its own. @returns it, and that port's URL, without a user */
export async function startTlsRedis(
  authority: TestAuthority,
  host: string,
  options: RedisOptions = {},
): Promise<RedisServer & { readonly tlsUrl: string }> {
  const [tlsPort, path] = [await freePort(), authority.certify(host)];
  const files = ['--tls-cert-file', path, '--tls-key-file', path, '--tls-ca-cert-file', authority.path];
  const args = ['--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'no', ...(options.args ?? [])];
  const server = await startRedis({ ...options, args });
  return { ...server, tlsUrl: `rediss://localhost:${tlsPort}` };
}
