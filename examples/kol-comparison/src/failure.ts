import type { CombinedError } from 'urql';

/** Why something was not answered. Branch on `code`, never on `message`. */
export interface Failure {
  /** The gateway's `extensions.code`, or `NO_CONNECTION` where no whole answer came. */
  readonly code: string;
  /** For a person. */
  readonly message: string;
  /** Whether the same question may be answered later without anybody changing something. */
  readonly isRetryable: boolean;
  readonly retryAfterSeconds?: number | undefined;
  /** What the gateway's log calls the request. */
  readonly requestId?: string | undefined;
}

export const NO_CONNECTION: Failure = {
  code: 'NO_CONNECTION',
  message: 'The connection to the gateway ended early.',
  isRetryable: true,
};

/** What failed the KOL at `index` of the list that was asked for: its own error, or one of the request as a whole. */
export function failureAt(index: number, { graphQLErrors, networkError }: CombinedError): Failure | undefined {
  const error =
    graphQLErrors.find(({ path }) => path?.[1] === index) ?? graphQLErrors.find(({ path }) => path === undefined);
  if (!error) return networkError && NO_CONNECTION;
  const { code, retryable, retryAfterSeconds, requestId } = error.extensions;
  return {
    code: String(code),
    message: error.message,
    isRetryable: retryable === true,
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}
