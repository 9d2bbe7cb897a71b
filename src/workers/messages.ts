import type { SpanContext } from '@opentelemetry/api';
import type { Refusal } from '../server/reply.ts';
import type { Samples } from '../telemetry/sum-samples.ts';
import type { EndpointName } from '../upstream/endpoints.ts';
import type { LinkIndexKey, Payer } from '../upstream/link-index-source.ts';
import type { SentOutcome } from './sent-outcome.ts';

/** A step of a trace, for whoever goes on with it. */
export type SentSpan = Pick<SpanContext, 'traceId' | 'spanId' | 'traceFlags'>;

/** One key that a worker has not fresh in its own memory. */
export interface ReadMessage {
  readonly kind: 'read';
  readonly id: number;
  /** The request that it is for, by a number of the worker's: those who wait for a turn are served request by request. */
  readonly requester: number;
  readonly key: LinkIndexKey;
  readonly acceptCache: boolean;
  readonly mayBuy: boolean;
  readonly payer?: Payer | undefined;
  readonly span?: SentSpan | undefined;
}

/** What only the owner knows, by the name of the question. */
export interface Answers {
  /** Counts a request of a client. @see Rates.count */
  readonly rate: { readonly refusal: Refusal | undefined };
  /** The metrics of all processes, as text. */
  readonly metrics: string;
  /** Today's ledger. */
  readonly account: unknown;
}

export type Question =
  | { readonly name: 'rate'; readonly client: string; readonly perMinute: number }
  | { readonly name: 'metrics' | 'account' };

/** From a worker to the owner. */
export type ToOwner =
  | ReadMessage
  /** This request waits no longer; what it asked for goes on. */
  | { readonly kind: 'leave'; readonly requester: number }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  /** It listens, and can answer. */
  | { readonly kind: 'ready'; readonly origin: string }
  /** It could not start. */
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'samples'; readonly id: number; readonly samples: Samples };

/** From the owner to a worker. */
export type ToWorker =
  /** What the owner's clock and its choice of the endpoint are from now on; the first is the sign to start. */
  | { readonly kind: 'state'; readonly clockOffsetMs: number; readonly endpoint: EndpointName; readonly port: number }
  | OutcomeMessage
  | FaultMessage
  /** Somebody has bought this; whoever remembers an older one forgets it. */
  | { readonly kind: 'news'; readonly cacheKey: string; readonly outcome: SentOutcome }
  | ToldMessage
  | { readonly kind: 'sample'; readonly id: number }
  /** Stop listening, answer what is open, and end. */
  | { readonly kind: 'stop' }
  /** End every wait at once. */
  | { readonly kind: 'hurry' };

export interface OutcomeMessage {
  readonly kind: 'outcome';
  readonly id: number;
  readonly cacheKey: string;
  readonly outcome: SentOutcome;
  /** Whether its request led the call or joined another's; undefined where none was made. */
  readonly isLed?: boolean | undefined;
  /** Calls that its request led and that were billed, since it was told last. */
  readonly billedCalls: number;
  /** What the step of its trace points at. */
  readonly links: readonly SentSpan[];
}

/** The answer to a question, or the fault of ours in its place. */
export type ToldMessage = { readonly kind: 'told'; readonly id: number } & (
  | { readonly answer: Answers[keyof Answers] }
  | { readonly error: SentError }
);

/** A fault of ours, in place of an outcome. */
export interface FaultMessage {
  readonly kind: 'fault';
  readonly id: number;
  readonly error: SentError;
}

export interface SentError {
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly syscall?: string | undefined;
}

export function sendableError(error: unknown): SentError {
  const { message = String(error), stack, code, syscall } = error as NodeJS.ErrnoException;
  return { message, stack, code, syscall };
}

export function receivedError({ message, ...rest }: SentError): Error {
  return Object.assign(new Error(message), rest);
}

export function sentSpan({ traceId, spanId, traceFlags }: SpanContext): SentSpan {
  return { traceId, spanId, traceFlags };
}
