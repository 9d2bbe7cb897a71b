import { randomBytes } from 'node:crypto';
import { digestOf } from '../server/clients/secrets.ts';

const KEY_BYTES = 32;

/** A new client key, and the entry with its hash for `CLIENT_KEYS_FILE`. The key itself is kept nowhere. */
export function createKey(name: string, print: (line: string) => void): void {
  const key = `kol_${randomBytes(KEY_BYTES).toString('base64url')}`;
  const sha256 = digestOf(key).toString('hex');
  print('The key, for the client; it is shown this once:');
  print(`  ${key}`);
  print('The entry, for "clients" in the file that CLIENT_KEYS_FILE names:');
  print(`  ${JSON.stringify({ name, sha256 })}`);
}
