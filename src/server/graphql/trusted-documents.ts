import { z } from 'zod';
import { watchFileContent } from '../../watched-file.ts';
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

export interface TrustedDocumentsEvents {
  readonly onReloaded: () => void;
  /** The file changed into something that is no manifest; the last good documents stay. */
  readonly onRejected: (error: unknown) => void;
}

/**
 * Reads a manifest, and again whenever it changes.
 *
 * @param file `only`: whether nothing else is answered; undefined where there is no manifest
 * @throws JsonFileError when the file is no manifest at the start
 */
export function openTrustedDocuments(
  file: { readonly path: string; readonly only: boolean } | undefined,
  { onReloaded, onRejected }: TrustedDocumentsEvents,
) {
  if (file === undefined) return undefined;
  const watched = watchFileContent({ path: file.path, read: readTrustedDocuments, onChange: onReloaded, onRejected });
  const documents: TrustedDocuments = { documentOf: (hash) => watched.current().documentOf(hash) };
  return { only: file.only, documents, close: watched.close };
}
