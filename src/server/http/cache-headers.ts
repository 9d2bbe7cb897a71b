import { createHash } from 'node:crypto';
import { appliedHeader } from './prefer.ts';
import type { Exchange, GraphqlCall } from './reply.ts';

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
