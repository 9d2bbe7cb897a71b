import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A request with the id by which logs and error reports name it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** What every response to it carries. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a request is refused, in the form of GraphQL's errors. */
export interface Refusal {
  readonly httpStatus: number;
  readonly code: string;
  readonly message: string;
  /** When the same request makes sense again, in seconds; undefined where it never does by itself. */
  readonly retryAfterSeconds?: number;
}

/** Letters that cannot forge a log line. */
const SAFE_ID = /^[\w.:/+=-]{1,128}$/;

/** The caller's `x-request-id` where it is one, so that its logs and ours can be joined; else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID();
}

/**
 * Turns a request target in absolute form (`GET http://host/path HTTP/1.1`), as clients send it that take the gateway for
 * their proxy, into a path; its host takes the place of the Host header. Any other target stays as it is.
 *
 * @see RFC 9112, section 3.2.2
 */
export function useOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.startsWith('/')) return;
  const target = URL.parse(url);
  if (target === null || !/^https?:$/.test(target.protocol)) return; // answered as not found
  request.url = target.pathname + target.search;
  request.headers.host = target.host;
}

/** Whether a request has no body, and changes nothing. */
export function isReading({ request: { method } }: Exchange): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Sets the headers that every response carries. The fast lane writes them with all others at once, which is faster than
 * one by one.
 */
export function beginReply({ response, headers }: Exchange): void {
  for (const name in headers) response.setHeader(name, headers[name] as string);
}

export function replyJson({ request, response }: Exchange, httpStatus: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(httpStatus, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** Answers with a refusal, in the form of GraphQL's errors. */
export function refuse(exchange: Exchange, { httpStatus, code, message, retryAfterSeconds }: Refusal): void {
  const { response, requestId } = exchange;
  beginReply(exchange);
  if (httpStatus === 401) response.setHeader('www-authenticate', 'Bearer');
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  const extensions = { code, retryable: retryAfterSeconds !== undefined, retryAfterSeconds, requestId };
  replyJson(exchange, httpStatus, { errors: [{ message, extensions }] });
}
