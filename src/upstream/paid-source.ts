import type { Billed } from './business-codes.ts';
import type { UpstreamClient } from './client.ts';
import type { Endpoint, EndpointName } from './endpoints.ts';
import { decodeEnvelope } from './envelope.ts';
import type { LinkIndexKey, LinkIndexOutcome, LinkIndexSource, ReadOptions } from './link-index-source.ts';
import { UpstreamError, type UpstreamErrorCode } from './upstream-error.ts';

/** One attempt, as told to whoever watches. It names the endpoint, never the URL. */
export interface Attempt {
  readonly endpoint: EndpointName;
  readonly outcome: 'ok' | 'no_data' | UpstreamErrorCode;
  readonly billed: Billed;
  readonly durationMs: number;
  /** What failed, for a person. */
  readonly reason?: string;
}

export interface PaidSourceOptions {
  readonly client: UpstreamClient;
  readonly endpoint: Endpoint;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly onAttempt?: (attempt: Attempt) => void;
}

/** The far end of the line: every read is one call that may cost money. */
export function createPaidSource({ client, endpoint, clock, onAttempt }: PaidSourceOptions): LinkIndexSource {
  async function call(key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome> {
    try {
      const response = await client.get(endpoint.path, endpoint.parametersOf(key, options));
      const decoded = decodeEnvelope(response.httpStatus, response.body);
      return decoded.kind === 'failure' ? { ...decoded, failedAtMs: clock() } : { ...decoded, fetchedAtMs: clock() };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return { kind: 'failure', error, failedAtMs: clock() };
    }
  }

  return {
    async read(key, options) {
      const startedAtMs = clock();
      const outcome = await call(key, options);
      onAttempt?.({ endpoint: endpoint.name, durationMs: clock() - startedAtMs, ...summaryOf(outcome) });
      return outcome;
    },
  };
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
