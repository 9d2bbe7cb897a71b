import type {
  EndpointName,
  LinkIndexKey,
  LinkIndexOutcome,
  LinkIndexSource,
  ReadOptions,
} from '../domain/link-index.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import { type Billed, ENDPOINT_GONE, UNKNOWN_INDUSTRY_TAG, type UpstreamErrorCode } from '../domain/verdicts.ts';
import type { UpstreamClient } from './client.ts';
import type { Endpoint, EndpointChoice } from './endpoints.ts';
import { decodeEnvelope } from './envelope.ts';

/** One attempt, for log, metrics and traces. It names the endpoint, never the URL. */
export interface Attempt {
  readonly endpoint: EndpointName;
  readonly outcome: 'ok' | 'no_data' | UpstreamErrorCode;
  readonly billed: Billed;
  readonly durationMs: number;
  /** Which attempt at the same answer it was, from 1. */
  readonly attempt: number;
  /** What failed, for a person. */
  readonly reason?: string;
}

export interface PaidSourceOptions {
  readonly client: UpstreamClient;
  readonly endpoints: EndpointChoice;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since whenever, for how long something takes; never set back. */
  readonly steadyMs: () => number;
  readonly onAttempt?: (attempt: Attempt) => void;
}

/** The far end of the line: every read is one call that may cost money. */
export function createPaidSource({
  client,
  endpoints,
  clock,
  steadyMs,
  onAttempt,
}: PaidSourceOptions): LinkIndexSource {
  async function call(endpoint: Endpoint, key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome> {
    const startedMs = steadyMs();
    const outcome = await ask(endpoint, key, options);
    const attempt: Attempt = {
      endpoint: endpoint.name,
      attempt: options.attempt ?? 1,
      durationMs: Math.round(steadyMs() - startedMs),
      ...summaryOf(outcome),
    };
    onAttempt?.(attempt);
    options.span?.event('attempt', eventOf(attempt));
    return outcome;
  }

  async function ask(endpoint: Endpoint, key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome> {
    try {
      const response = await client.get(endpoint.path, endpoint.parametersOf(key, options));
      const decoded = decodeEnvelope(response.httpStatus, response.body, response.bodyFault);
      const origin = { endpoint: endpoint.name, fetchedAtMs: clock() };
      if (decoded.kind === 'answer') return { ...decoded, ...origin, freshness: 'FRESH' };
      if (decoded.kind === 'no-data') return { ...decoded, ...origin };
      return failure(withRetryAfter(decoded.error, response.retryAfter));
    } catch (error) {
      if (error instanceof UpstreamError) return failure(error);
      throw error;
    }
  }

  function withRetryAfter(error: UpstreamError, header: string | undefined): UpstreamError {
    const retryAfterSeconds = retryAfterSecondsOf(header, clock());
    if (error.verdict.repeat !== 'later' || retryAfterSeconds === undefined) return error;
    return new UpstreamError(error.verdict, { upstreamCode: error.upstreamCode, retryAfterSeconds });
  }

  function failure(error: UpstreamError): LinkIndexOutcome {
    return { kind: 'failure', error, failedAtMs: clock() };
  }

  return {
    async read(key, options) {
      for (;;) {
        const endpoint = endpoints.current();
        const refusal = refuseTag(endpoint, key.industryTag);
        if (refusal) return failure(refusal);
        const outcome = await call(endpoint, key, options);
        const isGone = outcome.kind === 'failure' && outcome.error.verdict === ENDPOINT_GONE;
        // Unbilled, so the successor is asked within the same attempt.
        if (!isGone || !endpoints.isGone(endpoint)) return outcome;
      }
    },
  };
}

/** An unknown tag is never translated by a guess: it would be scored, and billed, as something else. */
function refuseTag({ industryTags }: Endpoint, tag: string): UpstreamError | undefined {
  if (industryTags === undefined || tag === '' || industryTags.has(tag)) return undefined;
  return new UpstreamError(UNKNOWN_INDUSTRY_TAG, { reason: `expected one of ${[...industryTags].join(', ')}` });
}

/** Without the reason, which is in other words for every fault. */
function eventOf({ endpoint, outcome, billed, durationMs, attempt }: Attempt) {
  return { endpoint, outcome, billed, duration_ms: durationMs, attempt };
}

function summaryOf(outcome: LinkIndexOutcome): Pick<Attempt, 'outcome' | 'billed' | 'reason'> {
  switch (outcome.kind) {
    case 'answer':
      return { outcome: 'ok', billed: 'yes' };
    case 'no-data':
      return { outcome: 'no_data', billed: 'yes' };
    case 'failure':
      return { outcome: outcome.error.code, billed: outcome.error.verdict.billed, reason: outcome.error.message };
  }
}

/** The longest `Retry-After` that is obeyed, in seconds: a mistake of the upstream must not stop all calls for a day. */
const MAX_RETRY_AFTER_SECONDS = 3600;

/** `Date.parse` alone takes "1.5" for a day in 2001. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * The seconds to wait that a `Retry-After` header asks for, as a number or as a date; undefined where it is neither.
 * @see RFC 9110, section 10.2.3
 */
export function retryAfterSecondsOf(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d+$/.test(header) && !HTTP_DATE.test(header)) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - nowMs) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(0, Math.ceil(seconds)));
}
