import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Client, isClientName, SCOPES } from './client.ts';

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
  /** Who holds this key; undefined is nobody. */
  clientOf(key: string): Client | undefined;
}

/**
 * Reads a key file: `{"clients":[{"name","sha256","perMinute"?,"billedPerDay"?,"scopes"?}]}`. A name may stand there twice with
 * two keys, so that one can take the place of the other; the two share their limits.
 *
 * @throws KeyFileError that says where the file is wrong, and never what stands there
 */
export function readKeyFile(path: string): ClientKeys {
  const { clients } = parse(path);
  const entries = clients.map(({ sha256, name, perMinute, billedPerDay, scopes }) => ({
    digest: Buffer.from(sha256, 'hex'),
    client: { name, perMinute, billedPerDay, scopes: new Set(scopes) } satisfies Client,
  }));
  return {
    // Every entry is compared, and digests have one length: how long it takes tells nothing about a key.
    clientOf: (key) => {
      const given = createHash('sha256').update(key).digest();
      let found: Client | undefined;
      for (const { digest, client } of entries) if (timingSafeEqual(digest, given)) found = client;
      return found;
    },
  };
}

function parse(path: string): z.output<typeof keyFile> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new KeyFileError(error instanceof SyntaxError ? 'it is no JSON' : String((error as { code?: string }).code));
  }
  const result = keyFile.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new KeyFileError(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

/** Says what was expected and where; never a hash, a name or a path, which may be a key put into the wrong place. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';

  constructor(problem: string) {
    super(`expected a readable JSON file {"clients":[{"name":…,"sha256":…}]} (${problem})`);
  }
}
