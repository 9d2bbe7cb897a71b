import { z } from 'zod';
import { readJsonFile } from '../clients/json-file.ts';

const manifest = z.record(
  z.string().regex(/^(sha256:)?[0-9a-f]{64}$/i, 'expected a SHA-256 hash'),
  z.string().min(1, 'expected a document'),
);

/** The documents that clients may name by their hash. */
export interface TrustedDocuments {
  /** @param hash with or without the prefix `sha256:` that codegen writes */
  documentOf(hash: string): string | undefined;
}

/**
 * Reads a manifest `{ hash: document }` as the client preset of GraphQL Code Generator writes it.
 * @throws JsonFileError that says what was expected
 */
export function readTrustedDocuments(path: string): TrustedDocuments {
  const entries = Object.entries(readJsonFile(path, manifest, '{"SHA-256 hash":"document"}'));
  const documents = new Map(entries.map(([hash, document]) => [bare(hash), document]));
  return { documentOf: (hash) => documents.get(bare(hash)) };
}

function bare(hash: string): string {
  return hash.replace(/^sha256:/i, '').toLowerCase();
}
