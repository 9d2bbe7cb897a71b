import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TrustedDocuments } from '../trusted-documents.ts';
import type { Variables } from './arguments.ts';

/** What a request asks, as far as plans can answer it. */
export interface Question {
  /** The document. */
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Variables;
}

/** Documents that are named by their hash, and whether only they are answered. */
export interface Trusted {
  readonly documents: TrustedDocuments;
  readonly only: boolean;
}

const NONE: Variables = {};

/** @returns undefined for anything unusual, which is yoga's to understand or to refuse */
export function questionOf(
  { method, url = '', headers }: IncomingMessage,
  body: Buffer | undefined,
  trusted: Trusted | undefined,
): Question | undefined {
  try {
    if (body !== undefined) return isPlainJson(headers) ? questionIn(JSON.parse(body.toString()), trusted) : undefined;
    return method === 'GET' ? questionIn(parametersOf(url), trusted) : undefined;
  } catch {
    return undefined; // no JSON: yoga says what is wrong with it
  }
}

/** @throws SyntaxError */
function parametersOf(url: string): Record<string, unknown> | undefined {
  const parameters = [...new URL(url, 'http://localhost').searchParams];
  const { query, ...others } = Object.fromEntries(parameters);
  if (parameters.length > Object.keys(others).length + 1) return undefined; // which one of two is meant?
  const json = Object.fromEntries(
    Object.entries(others).map(([name, text]) => [name, name === 'operationName' ? text : JSON.parse(text)]),
  );
  return query === undefined ? json : { query, ...json };
}

/** Whether a body is what `JSON.parse` reads. */
function isPlainJson({ 'content-type': type, 'content-encoding': encoding }: IncomingHttpHeaders): boolean {
  return (
    encoding === undefined && (type === 'application/json' || /^application\/json; ?charset=utf-8$/i.test(type ?? ''))
  );
}

function questionIn(parameters: unknown, trusted: Trusted | undefined): Question | undefined {
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) return undefined;
  let text: unknown;
  let operationName: unknown;
  let variables: unknown = NONE;
  let extensions: unknown;
  for (const [name, value] of Object.entries(parameters)) {
    if (name === 'query') text = value;
    else if (name === 'variables') variables = value ?? NONE;
    else if (name === 'operationName') operationName = value ?? undefined;
    else if (name === 'extensions') extensions = value ?? undefined;
    else return undefined;
  }
  const document = documentOf(text, extensions, trusted);
  if (document === undefined || !areVariables(variables)) return undefined;
  if (operationName !== undefined && typeof operationName !== 'string') return undefined;
  return { text: document, operationName, variables };
}

/** A text of the client's own, or the hash of a trusted one; never both. */
function documentOf(text: unknown, extensions: unknown, trusted: Trusted | undefined): string | undefined {
  if (extensions === undefined) return typeof text === 'string' && !trusted?.only ? text : undefined;
  if (trusted === undefined || text !== undefined) return undefined;
  const { persistedQuery, ...others } = extensions as { persistedQuery?: { sha256Hash?: unknown } | null };
  const hash = persistedQuery?.sha256Hash;
  return typeof hash === 'string' && Object.keys(others).length === 0 ? trusted.documents.documentOf(hash) : undefined;
}

/** Texts, lists of texts, and what is either true or nothing: numbers may have lost digits, and anything deeper is odd. */
function areVariables(variables: unknown): variables is Variables {
  if (typeof variables !== 'object' || variables === null || Array.isArray(variables)) return false;
  for (const value of Object.values(variables)) {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) continue;
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) return false;
  }
  return true;
}
