import { nameOfVerdict, VERDICTS, type VerdictName } from '../upstream/business-codes.ts';
import type { LinkIndexFailure, LinkIndexOutcome } from '../upstream/link-index-source.ts';
import { UpstreamError, type UpstreamErrorDetails } from '../upstream/upstream-error.ts';

/**
 * An outcome on its way between processes of one machine, as JSON. Both run the same code, so it is not checked as what
 * replicas tell each other is; and it keeps what they leave out: freshness, attempts, and what a person is told.
 */
export type SentOutcome = Exclude<LinkIndexOutcome, LinkIndexFailure> | SentFailure;

type SentFailure = Omit<LinkIndexFailure, 'error'> & {
  readonly error: UpstreamErrorDetails & { readonly verdict: VerdictName };
};

export function sendable(outcome: LinkIndexOutcome): SentOutcome {
  if (outcome.kind !== 'failure') return outcome;
  const { verdict, reason, upstreamCode, retryAfterSeconds, pausedBy } = outcome.error;
  return { ...outcome, error: { verdict: nameOfVerdict(verdict), reason, upstreamCode, retryAfterSeconds, pausedBy } };
}

/** Verdicts are told apart by identity, so an error is made anew from the name of its own. */
export function received(sent: SentOutcome): LinkIndexOutcome {
  if (sent.kind !== 'failure') return sent;
  const { verdict, ...details } = sent.error;
  return { ...sent, error: new UpstreamError(VERDICTS[verdict], details) };
}
