import type { ExecutionResult } from '@graphql-tools/utils';
import { type ASTNode, GraphQLError, type GraphQLErrorExtensions, Kind } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { LogFault } from '../../telemetry/log-events.ts';
import { callOf, type GraphqlCall } from './call.ts';

const MASKED = 'INTERNAL_SERVER_ERROR';
/** Yoga's own. */
const MASKED_MESSAGE = 'Unexpected error.';
/** How GraphQL ends the message about a name that it does not know. */
const SUGGESTION = / Did you mean .*$/s;

/** A request that does not follow GraphQL over HTTP: status 400 whatever the client accepts. */
export function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

/** A document that is refused: an error of the request, with status 400 where the client accepts that. */
export function validationError(message: string, node?: ASTNode): GraphQLError {
  return new GraphQLError(message, { nodes: node ?? null, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
}

/** What a fault of our own looks like from outside; the original goes to the log only. */
export function maskError(error: unknown, message: string): Error {
  if (isMeantForClients(error)) return error;
  const extensions = { code: MASKED, unexpected: true };
  if (error instanceof GraphQLError) return copyError(error, { message, extensions });
  return new GraphQLError(message, {
    originalError: error instanceof Error ? error : new Error(String(error)),
    extensions,
  });
}

function isMeantForClients(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && (!error.originalError || isMeantForClients(error.originalError));
}

export interface ReportErrorsOptions {
  readonly logFault: LogFault;
  /** Who may know the names of the schema; from others' messages GraphQL's suggestions are removed. */
  readonly mayIntrospect: (call: GraphqlCall) => boolean;
}

/** Gives every error a code and the id of its request, and logs what was masked under the same id. */
export function reportErrors(options: ReportErrorsOptions): Plugin<{ call: GraphqlCall }> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      const call = callOf(serverContext);
      if (isAsyncIterable(result)) setResult(mapAsyncIterator(result, (payload) => reported(options, call, payload)));
      else if (!Array.isArray(result) && result.errors) setResult(reported(options, call, result));
    },
  };
}

/** A result, or one payload of an incremental one, with its errors as clients see them. */
function reported<Result extends ExecutionResult>(
  options: ReportErrorsOptions,
  call: GraphqlCall,
  result: Result,
): Result {
  const { errors, incremental } = result;
  if (errors) call.hasErrors = true;
  return {
    ...result,
    ...(errors && { errors: errors.map((error) => report(options, call, error, result)) }),
    // What is deferred or streamed: yoga's own masking does not reach it.
    ...(incremental && { incremental: incremental.map((part) => reported(options, call, masked(part))) }),
  };
}

function masked(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => maskError(error, MASKED_MESSAGE) as GraphQLError) };
}

function report(
  { logFault, mayIntrospect }: ReportErrorsOptions,
  call: GraphqlCall,
  error: GraphQLError,
  result: ExecutionResult,
): GraphQLError {
  const { requestId } = call.exchange;
  const code = error.extensions['code'] ?? (isAboutInput(error, result) ? 'BAD_USER_INPUT' : MASKED);
  if (code === MASKED) logFault(error.originalError ?? error, { requestId, path: error.path });
  const { originalError, ...extensions } = error.extensions;
  // The JSON parser's own words, by which yoga recognizes a body that is not JSON: HTTP 400 whatever the client accepts.
  if (originalError) extensions['http'] = { status: 400 };
  return copyError(error, {
    message: mayIntrospect(call) ? error.message : error.message.replace(SUGGESTION, ''),
    extensions: { retryable: false, ...extensions, code, requestId },
  });
}

/** GraphQL's own errors have no code: about variables there is no data yet, about an argument they point at its value. */
function isAboutInput(error: GraphQLError, result: ExecutionResult): boolean {
  return !('data' in result) || error.nodes?.[0]?.kind !== Kind.FIELD;
}

/** A copy: yoga remembers the errors of invalid documents and shares them between requests. */
function copyError(
  error: GraphQLError,
  { message, extensions }: { message: string; extensions: GraphQLErrorExtensions },
): GraphQLError {
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions,
  });
}
