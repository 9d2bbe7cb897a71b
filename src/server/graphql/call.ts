import { createHash } from 'node:crypto';
import type { DocumentNode } from 'graphql';
import type { LinkIndexLoader } from '../../loaders/link-index-loader.ts';
import type { RequestAccount } from '../../loaders/request-account.ts';
import type { Span } from '../../telemetry/span.ts';
import type { Client } from '../clients/client.ts';
import type { Exchange } from '../http/exchange.ts';
import type { AcceptedTypes } from '../http/media-types.ts';
import { appliedHeader, type Preferences } from '../http/prefer.ts';

/** A GraphQL request as it is being answered. */
export interface GraphqlCall {
  readonly exchange: Exchange;
  readonly client: Client;
  readonly account: RequestAccount;
  /** What is read for it, and bought. */
  readonly linkIndexes: LinkIndexLoader;
  /** Whether the client asked where each score came from, and may. */
  readonly wantsAccount: boolean;
  readonly preferences: Preferences;
  readonly accepts: AcceptedTypes;
  /** The step of a trace that it is; undefined where nothing is recorded. */
  readonly span: Span | undefined;
  /** What was asked, once it is known. */
  operation?: { readonly name: string | undefined; readonly query: string | undefined };
  /** As it was parsed, once it is valid. */
  document?: DocumentNode;
  /** Whether the answer holds an error. */
  hasErrors: boolean;
  /** Whether the answer comes in parts, so that nothing is known about it yet when its headers leave. */
  isIncremental: boolean;
}

/** In most of its hooks yoga has no type for what the handler passes along with a request. */
export function callOf(context: unknown): GraphqlCall {
  return (context as { call: GraphqlCall }).call;
}

/** Everything that an answer depends on besides its URL. */
export const VARY = 'Accept, Origin, Authorization, x-api-key, Prefer';

/** What caches on the way may do with an answer, what was done as the request prefers, and what it cost or would cost. */
export function cacheHeaders(call: GraphqlCall): Record<string, string> {
  const { billedCalls, mayBuy, reads } = call.account;
  return {
    'cache-control': cacheControlOf(call),
    vary: VARY,
    ...appliedHeader(call.preferences),
    ...(!call.isIncremental && { 'x-billed-calls': String(billedCalls) }),
    ...(mayBuy === false && { 'x-would-buy': String(reads.filter(({ wouldBuy }) => wouldBuy).length) }),
  };
}

/**
 * An answer may be kept as long as the least fresh score in it is fresh. What holds an error or an account, comes in
 * parts, was forced or a dry run, or holds no score at all is not to be kept.
 */
function cacheControlOf({ account, hasErrors, isIncremental, wantsAccount }: GraphqlCall): string {
  const { reads, mayBuy } = account;
  const isForced = reads.some((read) => read.isForced);
  if (hasErrors || isIncremental || isForced || wantsAccount || mayBuy === false || reads.length === 0)
    return 'no-store';
  return `max-age=${Math.floor(Math.min(...reads.map(({ freshForMs }) => freshForMs)) / 1000)}`;
}

/** Answers with the body, or with 304 where a client of a GET has these bytes already. @see RFC 9110, section 13.1.2 */
export function replyCacheable(
  { request, response }: Exchange,
  httpStatus: number,
  headers: Record<string, string>,
  body: string,
): void {
  if (request.method === 'GET' && httpStatus === 200 && headers['cache-control'] !== 'no-store') {
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    headers['etag'] = etag;
    const known = request.headers['if-none-match'];
    if (known === '*' || known?.includes(etag)) {
      const { 'content-length': _length, 'content-type': _type, ...rest } = headers;
      response.writeHead(304, rest).end();
      return;
    }
  }
  response.writeHead(httpStatus, headers);
  response.end(body);
}
