import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const CLIENT_KEY = 'a-key-of-the-benchmark';

/** A key file with one client that has no limits and may read metrics. */
export function writeClientKeys(folder: string): string {
  return writeKeys(join(folder, 'clients.json'), {});
}

/** The same client with limits that it does not reach. */
export function writeLimitedKeys(folder: string): string {
  return writeKeys(join(folder, 'limited-clients.json'), { perMinute: 100_000_000, billedPerDay: 1000 });
}

function writeKeys(file: string, limits: object): string {
  const sha256 = createHash('sha256').update(CLIENT_KEY).digest('hex');
  writeFileSync(file, JSON.stringify({ clients: [{ name: 'bench', sha256, scopes: ['ops'], ...limits }] }));
  return file;
}
