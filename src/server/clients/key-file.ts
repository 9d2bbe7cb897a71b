import { z } from 'zod';
import { type Client, isClientName, SCOPES } from './client.ts';
import { readJsonFile } from './json-file.ts';
import { digestOf, isSameDigest } from './secrets.ts';

const keyFile = z.strictObject({
  clients: z.array(
    z.strictObject({
      name: z
        .string()
        .refine(isClientName, 'expected 1 to 64 characters of A-Z a-z 0-9 _ . -, and not "local" or "anonymous"'),
      sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'expected a SHA-256 hash as 64 hexadecimal digits'),
      perMinute: z.int('expected a whole number').min(1, 'expected at least 1').optional(),
      billedPerDay: z.int('expected a whole number').min(0, 'expected at least 0').optional(),
      scopes: z.array(z.enum(SCOPES, `expected ${SCOPES.join(', ')}`)).default([]),
    }),
  ),
});

/** The clients of a key file, each behind the hash of its key. */
export interface ClientKeys {
  /** The client that holds this key; undefined where none does. */
  clientOf(key: string): Client | undefined;
}

/**
 * Reads a key file: `{"clients":[{"name","sha256","perMinute"?,"billedPerDay"?,"scopes"?}]}`. A name may stand there twice with
 * two keys, so that one can take the place of the other; the two share their limits.
 *
 * @throws JsonFileError that says where the file is wrong, and never what stands there
 */
export function readKeyFile(path: string): ClientKeys {
  const { clients } = readJsonFile(path, keyFile, '{"clients":[{"name":…,"sha256":…}]}');
  const entries = clients.map(({ sha256, name, perMinute, billedPerDay, scopes }) => ({
    digest: Buffer.from(sha256, 'hex'),
    client: { name, perMinute, billedPerDay, scopes: new Set(scopes) } satisfies Client,
  }));
  /** Every entry is compared, so that the time it takes reveals nothing about a key. */
  function find(key: string): Client | undefined {
    const given = digestOf(key);
    let found: Client | undefined;
    for (const { digest, client } of entries) if (isSameDigest(digest, given)) found = client;
    return found;
  }

  /** Keys that were good, gone with the file: a digest and its comparisons take as long as finding a cached answer. */
  const recognized = new Map<string, Client>();
  return {
    clientOf(key) {
      const known = recognized.get(key);
      if (known) return known;
      const found = find(key);
      if (found) recognized.set(key, found);
      return found;
    },
  };
}
