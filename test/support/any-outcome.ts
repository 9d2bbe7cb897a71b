import fc from 'fast-check';
import type { IndexScore, LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { ENDPOINT_NAMES } from '../../src/domain/link-index.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { VERDICTS } from '../../src/domain/verdicts.ts';

// JSON has no negative zero, and to us it is zero.
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const nullable = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

const anyScore: fc.Arbitrary<IndexScore | null> = nullable(
  fc.record({
    value: nullable(anyNumber),
    avgValue: nullable(anyNumber),
    linkRelativeRatio: nullable(anyNumber),
    rank: nullable(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
    rankPercent: nullable(anyNumber),
  }),
);
const anyScores = fc.record({
  cooperate: anyScore,
  cp: anyScore,
  convert: anyScore,
  shopping: anyScore,
  spread: anyScore,
  star: anyScore,
});

const anyTimeMs = fc.maxSafeNat();
const endpoint = fc.constantFrom(...ENDPOINT_NAMES);
const anyError = fc
  .record({
    verdict: fc.constantFrom(...Object.values(VERDICTS)),
    upstreamCode: optional(fc.maxSafeInteger()),
    retryAfterSeconds: optional(fc.nat()),
    pausedBy: optional(fc.constantFrom(...Object.values(VERDICTS).map(({ errorCode }) => errorCode))),
  })
  .map(
    ({ verdict, pausedBy, ...details }) =>
      new UpstreamError(verdict, { ...details, ...(pausedBy !== undefined && { pausedBy }) }),
  );

/** Everything that one replica may have to tell another. */
export const anyOutcome = fc.oneof(
  fc
    .record(
      {
        kind: fc.constant('answer' as const),
        scores: anyScores,
        freshness: fc.constant('FRESH' as const),
        endpoint,
        fetchedAtMs: anyTimeMs,
      },
      { requiredKeys: ['kind', 'scores', 'freshness', 'fetchedAtMs'] },
    )
    .map((outcome) => outcome as LinkIndexOutcome),
  fc
    .record(
      { kind: fc.constant('no-data' as const), endpoint, fetchedAtMs: anyTimeMs },
      { requiredKeys: ['kind', 'fetchedAtMs'] },
    )
    .map((outcome) => outcome as LinkIndexOutcome),
  fc.record({ kind: fc.constant('failure' as const), error: anyError, failedAtMs: anyTimeMs }),
);

/** An outcome with everything of its error that another replica needs; two errors are else equal when their messages are. */
export function told(outcome: LinkIndexOutcome | undefined): unknown {
  if (outcome?.kind !== 'failure') return outcome;
  const { code, verdict, upstreamCode, retryAfterSeconds, pausedBy } = outcome.error;
  return { ...outcome, error: { code, verdict, upstreamCode, retryAfterSeconds, pausedBy } };
}
