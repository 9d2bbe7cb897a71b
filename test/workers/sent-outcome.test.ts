import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LinkIndexOutcome } from '../../src/upstream/link-index-source.ts';
import { UpstreamError } from '../../src/upstream/upstream-error.ts';
import { received, sendable } from '../../src/workers/sent-outcome.ts';
import { anyOutcome, told } from '../support/any-outcome.ts';

const anySent = fc
  .record({
    outcome: anyOutcome,
    attempts: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    freshness: fc.constantFrom('FRESH' as const, 'STALE_REVALIDATING' as const, 'STALE_UPSTREAM_FAILED' as const),
    reason: fc.option(fc.string(), { nil: undefined }),
  })
  .map(({ outcome, attempts, freshness, reason }): LinkIndexOutcome => {
    const counted = { ...outcome, ...(attempts !== undefined && { attempts }) };
    if (counted.kind === 'answer') return { ...counted, freshness };
    if (counted.kind === 'no-data') return counted;
    const { verdict, upstreamCode, retryAfterSeconds, pausedBy } = counted.error;
    return { ...counted, error: new UpstreamError(verdict, { reason, upstreamCode, retryAfterSeconds, pausedBy }) };
  });

test('an outcome crosses with everything that a reader is told, and with its own verdict', () => {
  fc.assert(
    fc.property(anySent, (outcome) => {
      const arrived = received(JSON.parse(JSON.stringify(sendable(outcome))));
      expect(told(arrived)).toEqual(told(outcome));
      if (outcome.kind === 'failure' && arrived.kind === 'failure') {
        expect(arrived.error.verdict).toBe(outcome.error.verdict);
        expect(arrived.error.message).toBe(outcome.error.message);
      }
    }),
  );
});
