import { createHash } from 'node:crypto';
import { cutText } from './cut-text.ts';
import type { Logger } from './logger.ts';

/** What an attempt at a paid call says about itself. */
interface AttemptLike {
  readonly endpoint: string;
  readonly outcome: string;
  readonly billed: string;
  readonly durationMs: number;
  readonly reason?: string;
}

/** How a read of the account's balance ended. */
interface BalanceOutcomeLike {
  readonly kind: 'balance' | 'refused' | 'unreadable';
  /** Of a failure: what was expected and what came. */
  readonly reason?: string;
}

/** A GraphQL request that was answered. */
export interface CallSummary {
  readonly requestId: string;
  readonly client: string;
  readonly operationName: string | undefined;
  readonly query: string | undefined;
  readonly outcome: 'ok' | 'errors';
  readonly durationMs: number;
  /** Calls that it caused and that were billed. */
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

/** Logs a fault of our own with the request that met it. */
export type LogFault = (
  error: unknown,
  where: { readonly requestId: string; readonly path?: readonly (string | number)[] | undefined },
) => void;

/** A request that takes longer is logged at `info`; an answer from the upstream may take a minute. */
const SLOW_MS = 10_000;

const BALANCE_WARNINGS = {
  refused: 'the upstream refuses the token where its balance is asked for',
  unreadable: 'the balance at the upstream could not be read',
};

/** One line per call that may have cost money. */
export function logAttempt(log: Logger, attempt: AttemptLike): void {
  const isGood = attempt.outcome === 'ok' || attempt.outcome === 'no_data';
  log[isGood ? 'info' : 'warn'](attempt, isGood ? 'upstream answered' : 'upstream failed');
}

/** To be called when reads of the balance begin to fail, and when they succeed again. */
export function logBalanceChange(log: Logger, { kind, reason }: BalanceOutcomeLike): void {
  if (kind === 'balance') log.info('the balance at the upstream was read');
  else log.warn({ reason }, BALANCE_WARNINGS[kind]);
}

/** One line per failed and per slow request at `info`, and per request at `debug`. */
export function logCall(log: Logger, summary: CallSummary): void {
  const isNotable = summary.outcome !== 'ok' || summary.durationMs > SLOW_MS;
  const level = isNotable ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { query, operationName, ...call } = summary;
  const document = operationName ?? (query && createHash('sha256').update(query).digest('hex').slice(0, 16));
  log[level]({ ...call, document }, 'request answered');
}

export function logRejected(log: Logger, call: RejectedCall): void {
  log.debug(call, 'request refused');
}

/**
 * Logs a fault once, and the same fault again at most once a minute, with how often it came.
 * @param steadyMs milliseconds, never set back: a clock that is set back would silence the log until it has caught up
 */
export function createLogFault(log: Logger, steadyMs: () => number): LogFault {
  const throttle = createThrottle(steadyMs);
  return (error, where) =>
    throttle(String(error), (times) =>
      log.error({ ...where, err: error, ...(times > 1 && { times }) }, 'unexpected fault'),
    );
}

/**
 * Logs the errors of a store at most once a minute, with their number: an unavailable store fails at every read.
 *
 * @param store where it is, without a secret
 * @param steadyMs as in `createLogFault`
 */
export function createLogStoreError(log: Logger, store: string, steadyMs: () => number) {
  const throttle = createThrottle(steadyMs);
  return (operation: string, error: unknown) =>
    throttle(store, (errors) =>
      log.error({ store, operation, err: error, errors }, 'the store failed; answers go on without it'),
    );
}

/**
 * Logs failed exports of traces at most once a minute, with their number: an unavailable collector fails every batch.
 * @param steadyMs as in `createLogFault`
 */
export function createLogExportError(log: Logger, steadyMs: () => number): (error: unknown) => void {
  const throttle = createThrottle(steadyMs);
  return (error) =>
    throttle('export', (errors) =>
      log.warn({ err: error, errors }, 'traces were not exported; answers go on without them'),
    );
}

/** How long the same kind is silent after a line, in milliseconds. */
const QUIET_MS = 60_000;
/** Kinds that are remembered at a time; beyond that the oldest is forgotten. */
const MAX_KINDS = 100;

/** Calls `write` for the first of a kind, and after that at most once a minute, with how many there were since the last time. */
export type Throttle = (kind: string, write: (count: number) => void) => void;

/**
 * What fails at every request must not fill the log.
 * @param steadyMs as in `createLogFault`
 */
export function createThrottle(steadyMs: () => number): Throttle {
  const kinds = new Map<string, { count: number; quietUntilMs: number }>();

  return (kind, write) => {
    const key = cutText(kind);
    const known = kinds.get(key) ?? { count: 0, quietUntilMs: Number.NEGATIVE_INFINITY };
    known.count += 1;
    if (steadyMs() >= known.quietUntilMs) {
      write(known.count);
      known.count = 0;
      known.quietUntilMs = steadyMs() + QUIET_MS;
    }
    kinds.set(key, known);
    const [oldest] = kinds.keys();
    if (kinds.size > MAX_KINDS && oldest !== undefined) kinds.delete(oldest);
  };
}
