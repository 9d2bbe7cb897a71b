import type { ExecutionResult } from '@graphql-tools/utils';
import { GraphQLError, Kind } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { LogFault } from '../../telemetry/log-faults.ts';
import { callOf, type GraphqlCall } from '../http/reply.ts';
import { copyError } from './copy-error.ts';

const MASKED = 'INTERNAL_SERVER_ERROR';
/** Yoga's own. */
const MASKED_MESSAGE = 'Unexpected error.';

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

/** Gives every error a code and the id of its request, and logs what was masked under the same id. */
export function reportErrors(logFault: LogFault): Plugin<{ call: GraphqlCall }> {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      const call = callOf(serverContext);
      if (isAsyncIterable(result)) setResult(mapAsyncIterator(result, (payload) => reported(logFault, call, payload)));
      else if (!Array.isArray(result)) setResult(reported(logFault, call, result));
    },
  };
}

/** A result, or one payload of an incremental one, with its errors as clients see them. */
function reported<Result extends ExecutionResult>(logFault: LogFault, call: GraphqlCall, result: Result): Result {
  const { errors, incremental } = result;
  if (errors) call.hasErrors = true;
  return {
    ...result,
    ...(errors && { errors: errors.map((error) => report(logFault, call.exchange.requestId, error, result)) }),
    // What is deferred or streamed: yoga's own masking does not reach it.
    ...(incremental && { incremental: incremental.map((part) => reported(logFault, call, masked(part))) }),
  };
}

function masked(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => maskError(error, MASKED_MESSAGE) as GraphQLError) };
}

function report(logFault: LogFault, requestId: string, error: GraphQLError, result: ExecutionResult): GraphQLError {
  const code = error.extensions['code'] ?? (isAboutInput(error, result) ? 'BAD_USER_INPUT' : MASKED);
  if (code === MASKED) logFault(error.originalError ?? error, { requestId, path: error.path });
  const { originalError, ...extensions } = error.extensions;
  // The JSON parser's own words, by which yoga tells a body that is no JSON: HTTP 400 whatever the client accepts.
  if (originalError) extensions['http'] = { status: 400 };
  return copyError(error, { extensions: { retryable: false, ...extensions, code, requestId } });
}

/** GraphQL's own errors have no code: about variables there is no data yet, about an argument they point at its value. */
function isAboutInput(error: GraphQLError, result: ExecutionResult): boolean {
  return !('data' in result) || error.nodes?.[0]?.kind !== Kind.FIELD;
}
