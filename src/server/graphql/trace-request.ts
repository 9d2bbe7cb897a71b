import type { Span, Tracer } from '../../telemetry/span.ts';
import type { Client } from '../clients/client.ts';
import type { Exchange } from '../http/reply.ts';

const PATH = '/graphql';

/**
 * The step of a trace that a GraphQL request is; it ends when the client has its answer, or has left. Its URL is named by
 * hand, without the query.
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
  if (response.closed) endStep(span, response);
  else response.once('close', () => endStep(span, response));
  return span;
}

function endStep(span: Span, { headersSent, statusCode, writableFinished }: Exchange['response']): void {
  if (headersSent) span.set({ 'http.response.status_code': statusCode });
  if (headersSent && statusCode >= 500) span.fail(String(statusCode));
  if (!writableFinished) span.set({ client_left: true });
  span.end();
}
