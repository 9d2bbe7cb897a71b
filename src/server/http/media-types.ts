import type { IncomingHttpHeaders } from 'node:http';
import { parse } from 'content-type';

const REGULAR = ['application/json', 'application/graphql-response+json'] as const;
const INCREMENTAL = ['multipart/mixed', 'text/event-stream'] as const;

/** The media types of an answer. */
export type AnswerType = (typeof REGULAR | typeof INCREMENTAL)[number];

/** What a client takes: of each way to answer the type that it prefers. */
export interface AcceptedTypes {
  /** For an answer that comes whole. */
  readonly regular: AnswerType | undefined;
  /** For an answer that comes in parts, by `@defer` and `@stream`. */
  readonly incremental: AnswerType | undefined;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/**
 * Reads `Accept`. Parameters other than `q` and `charset` are ignored, as GraphQL servers do: clients name in them a form of
 * incremental answers (`deferSpec=20220824`). This is why `negotiator` is not used, which matches no type then.
 *
 * @param accept undefined or empty accepts everything
 * @see RFC 9110, section 12.5.1
 */
export function readAccept(accept: string | undefined): AcceptedTypes {
  const ranges = parseRanges(accept || '*/*');
  const accepted = (types: readonly AnswerType[]) =>
    types.map((type) => ({ type, ...preferenceFor(type, ranges) })).filter(({ quality }) => quality > 0);
  // Of equal weights the first in the header counts, by which clients say that they know the newer type.
  const [regular] = accepted(REGULAR).sort((a, b) => b.quality - a.quality || a.position - b.position);
  // Of equal weights multipart counts: every client that takes both has always got it.
  const [incremental] = accepted(INCREMENTAL).sort((a, b) => b.quality - a.quality);
  return { regular: regular?.type, incremental: incremental?.type };
}

/** Whether `Accept` names HTML, as a browser's does that goes to an address; the wildcard is anybody's. */
export function acceptsHtml(accept: string | undefined): boolean {
  return parseRanges(accept ?? '').some(({ type, quality }) => type === 'text/html' && quality > 0);
}

/** Whether a request's body is JSON in UTF-8 that can be read as it is. */
export function isPlainJson(headers: IncomingHttpHeaders): boolean {
  const { 'content-type': contentType = '', 'content-encoding': contentEncoding = 'identity' } = headers;
  if (contentEncoding.trim().toLowerCase() !== 'identity') return false;
  if (contentType === 'application/json') return true; // what most clients send
  // Some clients send a list, which is no content type; its first element counts.
  const { type, parameters } = parse(contentType, { comma: true });
  return JSON_TYPES.has(type) && isUtf8(parameters);
}

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/graphql+json']);

function parseRanges(accept: string): MediaRange[] {
  const ranges: MediaRange[] = [];
  for (let start = 0; start < accept.length; ) {
    const { type, parameters, index } = parse(accept, { comma: true, start });
    if (isUtf8(parameters)) ranges.push({ type, quality: qualityOf(parameters['q']) });
    start = index + 1;
  }
  return ranges;
}

/** By default, as JSON always is. */
function isUtf8({ charset = 'utf-8' }: Readonly<Record<string, string>>): boolean {
  return /^utf-?8$/i.test(charset);
}

/** A malformed weight is none, which means 1. */
function qualityOf(weight = '1'): number {
  return /^[01](\.\d{0,3})?$/.test(weight) ? Number(weight) : 1;
}

/** The weight of the most specific range that matches, and where it stands. */
function preferenceFor(type: AnswerType, ranges: readonly MediaRange[]): { quality: number; position: number } {
  for (const range of [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*']) {
    const position = ranges.findIndex((each) => each.type === range);
    if (position !== -1) return { quality: ranges[position]?.quality ?? 0, position };
  }
  return { quality: 0, position: -1 };
}
