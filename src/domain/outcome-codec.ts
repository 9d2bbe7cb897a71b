import { crc32 } from 'node:zlib'; // the checksum that version 0.1.0 has written into Redis
import type { EndpointName, IndexName, IndexScore, LinkIndexOutcome, LinkIndexScores } from './link-index.ts';
import { ENDPOINT_NAMES, INDEX_NAMES, obtainedAtMsOf } from './link-index.ts';
import { parseJson } from './parse-json.ts';
import { UpstreamError } from './upstream-error.ts';
import { nameOfVerdict, type UpstreamErrorCode, VERDICTS, type VerdictName } from './verdicts.ts';

/** The form of the text. It changes with the meaning of the text; a text of an unknown form is a miss. */
const FORM = 'k1';

/** A decoded outcome, and when it is of no use to anybody, in milliseconds since the epoch. */
export interface DecodedOutcome {
  readonly outcome: LinkIndexOutcome;
  readonly expiresAtMs: number;
}

/**
 * An outcome as text, for disk and for other replicas: form, time, checksum, and a JSON array without member names. The
 * freshness of an answer is not part of it: it is decided on reading. Neither is the reason of an error.
 *
 * @param key what it will be read by; is part of the text
 * @param expiresAtMs when the outcome is of no use to anybody, in milliseconds since the epoch
 * @param clockOffsetMs by how much the readers' common clock is ahead of ours, in milliseconds
 * @throws for an error whose verdict is not in the table
 */
export function encodeOutcome(key: string, outcome: LinkIndexOutcome, expiresAtMs: number, clockOffsetMs = 0): string {
  const obtainedAtMs = obtainedAtMsOf(outcome) + clockOffsetMs;
  const json = JSON.stringify([outcome.kind, key, expiresAtMs + clockOffsetMs, ...detailsOf(outcome)]);
  return `${FORM} ${obtainedAtMs} ${checksumOf(obtainedAtMs, json)} ${json}`;
}

function detailsOf(outcome: LinkIndexOutcome): readonly unknown[] {
  switch (outcome.kind) {
    case 'answer':
      return [outcome.endpoint ?? null, packScores(outcome.scores)];
    case 'no-data':
      return [outcome.endpoint ?? null];
    case 'failure': {
      const { verdict, upstreamCode = null, retryAfterSeconds = null, pausedBy = null } = outcome.error;
      return [null, nameOfVerdict(verdict), upstreamCode, retryAfterSeconds, pausedBy];
    }
  }
}

/**
 * Reads what `encodeOutcome` wrote under `key`. Never throws.
 * @returns undefined, which is a miss, where form, checksum, key or shape do not fit
 */
export function decodeOutcome(key: string, text: string, clockOffsetMs = 0): DecodedOutcome | undefined {
  const [, form, time = '', checksum, json = ''] = /^(\S+) (\d+) (\S+) (.*)$/s.exec(text) ?? [];
  const obtainedAtMs = Number(time);
  if (form !== FORM || checksum !== checksumOf(obtainedAtMs, json)) return undefined;
  const values = parseJson(json);
  if (!Array.isArray(values)) return undefined;
  const [kind, itsKey, expiresAtMs, ...details] = values as readonly unknown[];
  if (itsKey !== key || !isInteger(expiresAtMs)) return undefined;
  const outcome = outcomeOf(kind, details, obtainedAtMs - clockOffsetMs);
  return outcome && { outcome, expiresAtMs: expiresAtMs - clockOffsetMs };
}

function outcomeOf(kind: unknown, details: readonly unknown[], obtainedAtMs: number): LinkIndexOutcome | undefined {
  const [endpoint, ...rest] = details;
  if (endpoint !== null && !isOneOf<EndpointName>(ENDPOINT_NAMES, endpoint)) return undefined;
  const origin = { ...(endpoint !== null && { endpoint }), fetchedAtMs: obtainedAtMs };
  switch (kind) {
    case 'answer': {
      const [packed] = rest;
      if (rest.length !== 1 || !arePackedScores(packed)) return undefined;
      return { kind, scores: unpackScores(packed), freshness: 'FRESH', ...origin };
    }
    case 'no-data':
      return rest.length === 0 ? { kind, ...origin } : undefined;
    case 'failure':
      return rest.length === 4 && endpoint === null ? failureOf(rest, obtainedAtMs) : undefined;
    default:
      return undefined;
  }
}

const ERROR_CODES: readonly UpstreamErrorCode[] = Object.values(VERDICTS).map(({ errorCode }) => errorCode);

function failureOf(values: readonly unknown[], failedAtMs: number): LinkIndexOutcome | undefined {
  const [name, upstreamCode, retryAfterSeconds, pausedBy] = values;
  if (typeof name !== 'string' || !Object.hasOwn(VERDICTS, name)) return undefined;
  if (upstreamCode !== null && !isInteger(upstreamCode)) return undefined;
  if (retryAfterSeconds !== null && !isNumber(retryAfterSeconds)) return undefined;
  if (pausedBy !== null && !isOneOf(ERROR_CODES, pausedBy)) return undefined;
  const error = new UpstreamError(VERDICTS[name as VerdictName], {
    upstreamCode: upstreamCode ?? undefined,
    retryAfterSeconds: retryAfterSeconds ?? undefined,
    pausedBy: pausedBy ?? undefined,
  });
  return { kind: 'failure', error, failedAtMs };
}

/** The five numbers of a score, in the order of `SCORE_MEMBERS`. */
type PackedScore = readonly (number | null)[] | null;

const SCORE_MEMBERS = ['value', 'avgValue', 'linkRelativeRatio', 'rank', 'rankPercent'] as const;
const RANK = SCORE_MEMBERS.indexOf('rank');

/** The scores of an answer as text: thirty numbers without member names. A negative zero becomes zero. */
export function encodeScores(scores: LinkIndexScores): string {
  return JSON.stringify(packScores(scores));
}

/** @param text made by `encodeScores` in this process: it is not checked */
export function decodeScores(text: string): LinkIndexScores {
  return unpackScores(JSON.parse(text) as readonly PackedScore[]);
}

function packScores(scores: LinkIndexScores): readonly PackedScore[] {
  return INDEX_NAMES.map((name) => {
    const score = scores[name];
    return score && SCORE_MEMBERS.map((member) => score[member]);
  });
}

function unpackScores(packed: readonly PackedScore[]): LinkIndexScores {
  const scores: Partial<Record<IndexName, IndexScore | null>> = {};
  for (let index = 0; index < INDEX_NAMES.length; index += 1) {
    const [value, avgValue, linkRelativeRatio, rank, rankPercent] = (packed[index] ?? []) as readonly number[];
    const score = { value, avgValue, linkRelativeRatio, rank, rankPercent } as IndexScore;
    scores[INDEX_NAMES[index] as IndexName] = packed[index] ? score : null;
  }
  return scores as LinkIndexScores;
}

function arePackedScores(value: unknown): value is readonly PackedScore[] {
  return Array.isArray(value) && value.length === INDEX_NAMES.length && value.every(isPackedScore);
}

function isPackedScore(value: unknown): value is PackedScore {
  if (value === null) return true;
  if (!Array.isArray(value) || value.length !== SCORE_MEMBERS.length) return false;
  return value.every((member, index) => member === null || (index === RANK ? isInteger(member) : isNumber(member)));
}

/**
 * Reads a row that version 0.1.0 wrote into SQLite: JSON with member names. Never throws.
 * @returns undefined, which is a miss, where version, key or shape do not fit
 */
export function decodeJsonOutcome(key: string, text: string): LinkIndexOutcome | undefined {
  const [version, itsKey, body] = valuesOf(parseJson(text), ['version', 'key', 'outcome']) ?? [];
  if (version !== 1 || itsKey !== key) return undefined;
  const answer = valuesOf(body, ['kind', 'fetchedAtMs', 'scores']);
  const failure =
    valuesOf(body, ['kind', 'failedAtMs', 'verdict', 'upstreamCode']) ??
    valuesOf(body, ['kind', 'failedAtMs', 'verdict']);
  const [kind, obtainedAtMs, ...details] = answer ?? failure ?? valuesOf(body, ['kind', 'fetchedAtMs']) ?? [];
  if (!isInteger(obtainedAtMs)) return undefined;
  if (answer) return outcomeOf(kind, [null, packNamedScores(details[0])], obtainedAtMs);
  return outcomeOf(kind, failure ? [null, details[0], details[1] ?? null, null, null] : [null], obtainedAtMs);
}

function packNamedScores(value: unknown): readonly unknown[] | undefined {
  return valuesOf(value, INDEX_NAMES)?.map((score) => (score === null ? null : valuesOf(score, SCORE_MEMBERS)));
}

/** @returns the values of these members, in this order; undefined for all but an object with exactly these members */
function valuesOf(value: unknown, members: readonly string[]): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== members.length) return undefined;
  const object = value as Readonly<Record<string, unknown>>;
  return members.every((member) => Object.hasOwn(object, member)) ? members.map((member) => object[member]) : undefined;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** `JSON.parse` makes infinity of a number that is too large. */
function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isOneOf<Value>(values: readonly Value[], value: unknown): value is Value {
  return values.includes(value as Value);
}

/** Covers the time, too, because it decides which of two entries is newer. */
function checksumOf(obtainedAtMs: number, json: string): string {
  return crc32(`${obtainedAtMs} ${json}`).toString(36);
}
