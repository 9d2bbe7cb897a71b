import { readFileSync } from 'node:fs';
import { z } from 'zod';

const manifest = z.record(z.string().regex(/^(sha256:)?[0-9a-f]{64}$/i), z.string().min(1));

/** The documents that clients may name by their hash. */
export interface TrustedDocuments {
  /** @param hash with or without the prefix `sha256:` that codegen writes */
  documentOf(hash: string): string | undefined;
}

/**
 * Reads a manifest `{ hash: document }` as the client preset of GraphQL Code Generator writes it.
 * @throws TrustedDocumentsError that says what was expected
 */
export function readTrustedDocuments(path: string): TrustedDocuments {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new TrustedDocumentsError(
      error instanceof SyntaxError ? 'it is no JSON' : String((error as { code?: string }).code),
    );
  }
  const result = manifest.safeParse(json);
  if (!result.success) throw new TrustedDocumentsError('its members are something else');
  const documents = new Map(Object.entries(result.data).map(([hash, document]) => [bare(hash), document]));
  return { documentOf: (hash) => documents.get(bare(hash)) };
}

function bare(hash: string): string {
  return hash.replace(/^sha256:/i, '').toLowerCase();
}

export class TrustedDocumentsError extends Error {
  override readonly name = 'TrustedDocumentsError';

  constructor(problem: string) {
    super(`expected a readable JSON file {"SHA-256 hash":"document"} (${problem})`);
  }
}
