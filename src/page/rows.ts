import type { CombinedError } from '@urql/core';
import type { CompareKolsQuery } from './gql/graphql.ts';

type Kol = NonNullable<CompareKolsQuery['kols'][number]>;
export type LinkIndex = NonNullable<Extract<Kol, { readonly linkIndex: unknown }>['linkIndex']>;

/** Why there are no scores, in the gateway's own terms; `NETWORK` when the gateway itself did not answer. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly isRetryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;
}

/** One KOL as far as its answer has come. */
export type Row =
  | { readonly kind: 'pending' }
  | { readonly kind: 'no-data' }
  | { readonly kind: 'answer'; readonly linkIndex: LinkIndex }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** The part of urql's result that counts here. */
interface Result {
  readonly data?: CompareKolsQuery | undefined;
  readonly error?: CombinedError | undefined;
  readonly hasNext: boolean;
}

/** The rows of `count` KOLs, in the order asked, from what has arrived so far. */
export function rowsOf(count: number, { data, error, hasNext }: Result): Row[] {
  const whole = failureOfAll(error);
  return Array.from({ length: count }, (_, index): Row => {
    const own = error?.graphQLErrors.find(({ path }) => path?.[0] === 'kols' && path[1] === index);
    if (own) return { kind: 'failure', failure: failureOf(own.message, own.extensions) };
    const kol = data?.kols[index];
    if (kol?.linkIndex) return { kind: 'answer', linkIndex: kol.linkIndex };
    if (kol?.linkIndex === null) return { kind: 'no-data' };
    if (whole) return { kind: 'failure', failure: whole };
    return hasNext ? { kind: 'pending' } : { kind: 'failure', failure: CUT_OFF };
  });
}

const CUT_OFF = failureOf('The answer was cut off.', { code: 'NETWORK', retryable: true });

/** What concerns no KOL in particular: the request was refused, or the gateway is away. */
function failureOfAll(error: CombinedError | undefined): Failure | undefined {
  const refusal = error?.graphQLErrors.find(({ path = [] }) => path.length < 2);
  if (refusal) return failureOf(refusal.message, refusal.extensions);
  return error?.networkError && failureOf(error.networkError.message, { code: 'NETWORK', retryable: true });
}

function failureOf(message: string, extensions: Readonly<Record<string, unknown>>): Failure {
  const { code, retryable, retryAfterSeconds, requestId } = extensions;
  return {
    code: typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR',
    message,
    isRetryable: retryable === true,
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}
