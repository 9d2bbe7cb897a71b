import type { IncomingMessage } from 'node:http';
import type { TrustedDocuments } from '../graphql/trusted-documents.ts';
import type { Variables } from './arguments.ts';

/** What a request asks, as far as plans can answer it. */
export interface ParsedRequest {
  /** The document. */
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Variables;
  /** That of a trusted document which was named by it; undefined where the client sent the text itself. */
  readonly hash: string | undefined;
}

/** Documents that are named by their hash, and whether only they are answered. */
export interface Trusted {
  readonly documents: TrustedDocuments;
  readonly only: boolean;
}

const NONE: Variables = {};

/** @returns undefined for anything unusual, which is yoga's to understand or to refuse */
export function parseRequest(
  { method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>,
  body: Buffer | undefined,
  trusted: Trusted | undefined,
): ParsedRequest | undefined {
  try {
    if (method === 'GET') return parseParameters(parametersOf(url), trusted);
    return method === 'POST' && body ? parseParameters(JSON.parse(body.toString()), trusted) : undefined;
  } catch {
    return undefined; // no JSON: yoga says what is wrong with it
  }
}

/** @throws SyntaxError */
function parametersOf(url: string): Record<string, unknown> | undefined {
  const parameters = [...new URL(url, 'http://localhost').searchParams];
  const { query, ...others } = Object.fromEntries(parameters);
  if (new Set(parameters.map(([name]) => name)).size < parameters.length) return undefined; // which one of two is meant?
  const json = Object.fromEntries(
    Object.entries(others).map(([name, text]) => [name, name === 'operationName' ? text : JSON.parse(text)]),
  );
  return query === undefined ? json : { query, ...json };
}

function parseParameters(parameters: unknown, trusted: Trusted | undefined): ParsedRequest | undefined {
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
  const hash = extensions === undefined ? undefined : hashIn(extensions);
  if (hash === null || !areVariables(variables)) return undefined;
  const document = documentOf(text, hash, trusted);
  if (document === undefined) return undefined;
  if (operationName !== undefined && typeof operationName !== 'string') return undefined;
  return { text: document, operationName, variables, hash };
}

/** @returns null for any other extension */
function hashIn(extensions: unknown): string | null {
  const { persistedQuery, ...others } = extensions as { persistedQuery?: { sha256Hash?: unknown } | null };
  const hash = persistedQuery?.sha256Hash;
  return typeof hash === 'string' && Object.keys(others).length === 0 ? hash : null;
}

/** A text of the client's own, or the trusted document of this hash; never both. */
function documentOf(text: unknown, hash: string | undefined, trusted: Trusted | undefined): string | undefined {
  if (hash === undefined) return typeof text === 'string' && !trusted?.only ? text : undefined;
  return text === undefined ? trusted?.documents.documentOf(hash) : undefined;
}

/** Whether the same request would ask for the same document now: which ones are trusted may have changed. */
export function isStillTrusted(
  { text, hash }: Pick<ParsedRequest, 'text' | 'hash'>,
  trusted: Trusted | undefined,
): boolean {
  return hash === undefined || trusted?.documents.documentOf(hash) === text;
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
