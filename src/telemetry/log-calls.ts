import { createHash } from 'node:crypto';
import type { Logger } from './logger.ts';

/** What a GraphQL request tells about itself when it has been answered. */
export interface CallSummary {
  readonly requestId: string;
  readonly client: string;
  readonly operationName: string | undefined;
  readonly query: string | undefined;
  readonly outcome: 'ok' | 'errors';
  readonly durationMs: number;
  /** Calls that it led and that were billed. */
  readonly bought: number;
  /** Reads that cost nothing. */
  readonly saved: number;
}

/** A request that was refused before it was read: no key, a wrong one, or too many requests. */
export interface RejectedCall {
  readonly requestId: string;
  /** `none` where the key is missing or unknown. */
  readonly client: string;
  readonly outcome: 'refused';
  readonly code: string;
  readonly durationMs: number;
}

/** A request that takes longer is worth a line; an answer from the upstream may take a minute. */
const SLOW_MS = 10_000;

/** One line per failed and per slow request at `info`, and per request at `debug`. */
export function logCall(log: Logger, summary: CallSummary): void {
  const isWorthALine = summary.outcome !== 'ok' || summary.durationMs > SLOW_MS;
  const level = isWorthALine ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { query, operationName, ...call } = summary;
  const document = operationName ?? (query && createHash('sha256').update(query).digest('hex').slice(0, 16));
  log[level]({ ...call, document }, 'request answered');
}

export function logRejected(log: Logger, call: RejectedCall): void {
  log.debug(call, 'request refused');
}
