import { z } from 'zod';
import type { LinkIndexOutcome } from './link-index.ts';
import { parseJson } from './parse-json.ts';
import { UpstreamError } from './upstream-error.ts';
import { nameOfVerdict, VERDICTS } from './verdicts.ts';

const score = z
  .strictObject({
    value: z.number().nullable(),
    avgValue: z.number().nullable(),
    linkRelativeRatio: z.number().nullable(),
    rank: z.int().nullable(),
    rankPercent: z.number().nullable(),
  })
  .nullable();

/** The failures that are worth keeping. */
const KEPT = ['bad-response', 'unusable-answer', 'outcome-unknown', 'bad-parameters'] as const;

const outcome = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answer'),
    scores: z.strictObject({
      cooperate: score,
      cp: score,
      convert: score,
      shopping: score,
      spread: score,
      star: score,
    }),
    fetchedAtMs: z.int(),
  }),
  z.strictObject({ kind: z.literal('no-data'), fetchedAtMs: z.int() }),
  z.strictObject({
    kind: z.literal('failure'),
    verdict: z.enum(KEPT),
    upstreamCode: z.int().optional(),
    failedAtMs: z.int(),
  }),
]);

const body = z.strictObject({ version: z.literal(1), key: z.string(), outcome });

/** An outcome as text, with its key and version inside; undefined for one that is not worth keeping. */
export function encodeOutcome(key: string, decoded: LinkIndexOutcome): string | undefined {
  const encoded = encode(decoded);
  return encoded && JSON.stringify({ version: 1, key, outcome: encoded } satisfies z.input<typeof body>);
}

function encode(decoded: LinkIndexOutcome): z.input<typeof outcome> | undefined {
  switch (decoded.kind) {
    case 'answer':
      return { kind: 'answer', scores: decoded.scores, fetchedAtMs: decoded.fetchedAtMs };
    case 'no-data':
      return { kind: 'no-data', fetchedAtMs: decoded.fetchedAtMs };
    case 'failure': {
      const { verdict, upstreamCode } = decoded.error;
      const name = KEPT.find((each) => each === nameOfVerdict(verdict));
      return name && { kind: 'failure', verdict: name, upstreamCode, failedAtMs: decoded.failedAtMs };
    }
  }
}

/** What was stored under `key`; undefined where version, key or shape do not fit, which is a miss. */
export function decodeOutcome(key: string, text: string): LinkIndexOutcome | undefined {
  const parsed = body.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.key !== key) return undefined;
  const stored = parsed.data.outcome;
  switch (stored.kind) {
    case 'answer':
      return { ...stored, freshness: 'FRESH' };
    case 'no-data':
      return stored;
    case 'failure': {
      const error = new UpstreamError(VERDICTS[stored.verdict], { upstreamCode: stored.upstreamCode });
      return { kind: 'failure', error, failedAtMs: stored.failedAtMs };
    }
  }
}
