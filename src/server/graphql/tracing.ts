import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Span, Tracer } from '../../telemetry/span.ts';
import type { Client } from '../clients/client.ts';
import type { Exchange } from '../http/exchange.ts';
import { callOf, type GraphqlCall } from './call.ts';

const PATH = '/graphql';

/**
 * Begins the span of a GraphQL request; it ends when the client has its answer, or has left. Its URL is named by hand,
 * without the query.
 *
 * @returns undefined where nothing is recorded
 * @see OpenTelemetry semantic conventions, "HTTP server"
 */
export function traceRequest(tracer: Tracer, { request, response, requestId }: Exchange, client: Client) {
  const method = request.method ?? 'GET';
  const span = tracer.start(`${method} ${PATH}`, request.headers, {
    'http.request.method': method,
    'http.route': PATH,
    'url.path': PATH,
    'url.scheme': 'http',
    client: client.name,
    request_id: requestId,
  });
  if (!span) return undefined;
  if (response.closed) endRequest(span, response);
  else response.once('close', () => endRequest(span, response));
  return span;
}

function endRequest(span: Span, { headersSent, statusCode, writableFinished }: Exchange['response']): void {
  if (headersSent) span.set({ 'http.response.status_code': statusCode });
  if (headersSent && statusCode >= 500) span.fail(String(statusCode));
  if (!writableFinished) span.set({ client_left: true });
  span.end();
}

/**
 * Notes what a request asked, for the log, the fast lane and its trace. The handler ends the operation's span; the span
 * has no document, for arguments may be written into it.
 *
 * @see OpenTelemetry semantic conventions, "GraphQL server": a client chooses the name, so the span is not named by it
 */
export function noteOperation(): Plugin<{ call: GraphqlCall }> {
  return {
    onParams({ params, context }) {
      callOf(context).operation = { name: params.operationName ?? undefined, query: params.query };
    },
    onExecute({ args: { document, operationName, contextValue } }) {
      const call = callOf(contextValue);
      call.document = document;
      if (!call.span) return;
      const operation = getOperationAST(document, operationName);
      const type = operation?.operation;
      call.account.span = call.span.child(type ?? 'GraphQL Operation', {
        'graphql.operation.type': type,
        'graphql.operation.name': operation?.name?.value,
      });
    },
  };
}
