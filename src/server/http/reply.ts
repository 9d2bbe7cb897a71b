import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DocumentNode } from 'graphql';
import type { LinkIndexLoader } from '../../loaders/link-index-loader.ts';
import type { RequestAccount } from '../../loaders/request-account.ts';
import type { Span } from '../../telemetry/span.ts';
import type { Client } from '../clients/client.ts';
import type { AcceptedTypes } from './media-types.ts';
import type { Preferences } from './prefer.ts';

/** A request with the id by which logs and error reports name it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** What every response to it carries. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sets what the response carries in any case. Only the fast lane does without: headers that are set one by one take
 * longer to leave than those that are written at once.
 */
export function beginReply({ response, headers }: Exchange): void {
  for (const name in headers) response.setHeader(name, headers[name] as string);
}

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

/** Yoga types away, in most of its hooks, what the handler gives it along with a request. */
export function callOf(context: unknown): GraphqlCall {
  return (context as { call: GraphqlCall }).call;
}

export interface Refusal {
  readonly httpStatus: number;
  readonly code: string;
  readonly message: string;
  /** When to come again, where that helps. */
  readonly retryAfterSeconds?: number;
}

/** Whether a request asks to be shown something, and sends nothing. */
export function isReading({ request: { method } }: Exchange): boolean {
  return method === 'GET' || method === 'HEAD';
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

/** A refusal at the edge, in the same form as GraphQL's own errors. */
export function refuse(exchange: Exchange, { httpStatus, code, message, retryAfterSeconds }: Refusal): void {
  const { response, requestId } = exchange;
  beginReply(exchange);
  if (httpStatus === 401) response.setHeader('www-authenticate', 'Bearer');
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  const extensions = { code, retryable: retryAfterSeconds !== undefined, retryAfterSeconds, requestId };
  replyJson(exchange, httpStatus, { errors: [{ message, extensions }] });
}
