import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { LinkIndexOutcome } from './link-index.ts';
import { bornAtMsOf, ENDPOINT_NAMES } from './link-index.ts';
import { packScores, unpackScores } from './packed-scores.ts';
import { parseJson } from './parse-json.ts';
import { UpstreamError } from './upstream-error.ts';
import { nameOfVerdict, VERDICTS, type VerdictName } from './verdicts.ts';

/** An outcome as replicas tell it to each other, with its key inside. */
export interface PackedOutcome {
  readonly key: string;
  readonly outcome: LinkIndexOutcome;
  readonly expiresAtMs: number;
}

/** Raised when the form changes; another one is a miss. */
const VERSION = 'k1';

const number = z.number().nullable();
const score = z.tuple([number, number, number, z.int().nullable(), number]).nullable();
const common = [z.string(), z.int(), z.enum(ENDPOINT_NAMES).nullable()] as const;
const form = z.union([
  z.tuple([z.literal('answer'), ...common, z.tuple([score, score, score, score, score, score])]),
  z.tuple([z.literal('no-data'), ...common]),
  z.tuple([
    z.literal('failure'),
    ...common,
    z.enum(Object.keys(VERDICTS) as [VerdictName]),
    z.int().nullable(),
    z.number().nullable(),
    z.enum(Object.values(VERDICTS).map(({ errorCode }) => errorCode)).nullable(),
  ]),
]);
type Form = z.output<typeof form>;

/**
 * A line of text: version, when it was born in milliseconds since the epoch, a checksum, and the outcome as JSON without names.
 * @param clockOffsetMs by how much the clock that replicas share is ahead of this process's, in milliseconds
 */
export function packOutcome({ key, outcome, expiresAtMs }: PackedOutcome, clockOffsetMs: number): string {
  const bornAtMs = bornAtMsOf(outcome) + clockOffsetMs;
  const json = JSON.stringify(toForm(key, outcome, expiresAtMs + clockOffsetMs));
  return `${VERSION} ${bornAtMs} ${checksumOf(bornAtMs, json)} ${json}`;
}

/**
 * What was packed under `key`; undefined where version, checksum, key or form do not fit, which is a miss.
 * @param clockOffsetMs as in `packOutcome`
 */
export function unpackOutcome(key: string, text: string, clockOffsetMs: number): PackedOutcome | undefined {
  const [, version, born = '', checksum, json = ''] = /^(\S+) (\d+) (\S+) (.*)$/s.exec(text) ?? [];
  if (version !== VERSION || checksum !== checksumOf(Number(born), json)) return undefined;
  const parsed = form.safeParse(parseJson(json));
  if (!parsed.success || parsed.data[1] !== key) return undefined;
  const outcome = toOutcome(parsed.data, Number(born) - clockOffsetMs);
  return { key, expiresAtMs: parsed.data[2] - clockOffsetMs, outcome };
}

function toForm(key: string, outcome: LinkIndexOutcome, expiresAtMs: number): Form {
  switch (outcome.kind) {
    case 'answer':
      return ['answer', key, expiresAtMs, outcome.endpoint ?? null, packScores(outcome.scores)];
    case 'no-data':
      return ['no-data', key, expiresAtMs, outcome.endpoint ?? null];
    case 'failure': {
      const { verdict, upstreamCode = null, retryAfterSeconds = null, pausedBy = null } = outcome.error;
      return ['failure', key, expiresAtMs, null, nameOfVerdict(verdict), upstreamCode, retryAfterSeconds, pausedBy];
    }
  }
}

function toOutcome(packed: Form, bornAtMs: number): LinkIndexOutcome {
  const endpoint = packed[3] === null ? {} : { endpoint: packed[3] };
  switch (packed[0]) {
    case 'answer':
      return {
        kind: 'answer',
        scores: unpackScores(packed[4]),
        freshness: 'FRESH',
        ...endpoint,
        fetchedAtMs: bornAtMs,
      };
    case 'no-data':
      return { kind: 'no-data', ...endpoint, fetchedAtMs: bornAtMs };
    case 'failure': {
      const [, , , , verdict, upstreamCode, retryAfterSeconds, pausedBy] = packed;
      const error = new UpstreamError(VERDICTS[verdict], {
        upstreamCode: upstreamCode ?? undefined,
        retryAfterSeconds: retryAfterSeconds ?? undefined,
        ...(pausedBy !== null && { pausedBy }),
      });
      return { kind: 'failure', error, failedAtMs: bornAtMs };
    }
  }
}

/** The birth is in the checksum too, for it is what a newer entry is told by. */
function checksumOf(bornAtMs: number, json: string): string {
  return crc32(`${bornAtMs} ${json}`).toString(36);
}
