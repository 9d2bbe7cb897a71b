import type { LinkIndexScores } from '../domain/link-index.ts';
import { formOf } from '../domain/parse-json.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import {
  BAD_RESPONSE,
  BARE_STATUSES,
  BUSINESS_CODES,
  NO_DATA_CODE,
  OUTCOME_UNKNOWN,
  SUCCESS_CODE,
  UNUSABLE_ANSWER,
} from '../domain/verdicts.ts';
import { isJsonObject, type JsonObject, readNumber, readScores } from './index-scores.ts';
import type { WholeResponse } from './whole-response.ts';

/** What an HTTP response of the upstream means. */
export type Decoded =
  | { readonly kind: 'answer'; readonly scores: LinkIndexScores }
  | { readonly kind: 'no-data' }
  | { readonly kind: 'failure'; readonly error: UpstreamError };

/**
 * Total: any status with any bytes gives a `Decoded`, and nothing is thrown. The business code
 * decides; the HTTP status is asked only when the body is no envelope, and to catch a success
 * that contradicts it.
 *
 * @param bodyFault why the body could not be read, in our words, if so; it is empty then
 */
export function decodeEnvelope(httpStatus: number, body: Uint8Array, bodyFault?: string): Decoded {
  const envelope = parseEnvelope(body);
  if (envelope === null) return failure(bareStatusError(httpStatus, bodyFault));

  const { code } = envelope;
  if (code === NO_DATA_CODE) return { kind: 'no-data' };
  if (code === SUCCESS_CODE) {
    return isHttpSuccess(httpStatus) ? decodeData(envelope['data']) : failure(contradiction(httpStatus));
  }
  const verdict = BUSINESS_CODES.get(code);
  return failure(
    verdict === undefined
      ? new UpstreamError(BAD_RESPONSE, { reason: `unknown business code ${code}`, upstreamCode: code })
      : new UpstreamError(verdict, { upstreamCode: code }),
  );
}

/** The `data` of a successful envelope, or in our words what came in its place, with the business code if there was one. */
export type EnvelopeData =
  | { readonly data: JsonObject }
  | { readonly data: undefined; readonly came: string; readonly code: number | undefined };

/** Reads an envelope whose `data` is something else than link indices. Total, as `decodeEnvelope` is. */
export function readData({ httpStatus, body, bodyFault }: WholeResponse): EnvelopeData {
  const envelope = parseEnvelope(body);
  if (envelope === null) return { data: undefined, came: bareStatusReason(httpStatus, bodyFault), code: undefined };
  const { code } = envelope;
  const data = envelope['data'];
  if (code === SUCCESS_CODE && isHttpSuccess(httpStatus)) {
    return isJsonObject(data) ? { data } : { data: undefined, came: `code 0 with data ${formOf(data)}`, code };
  }
  return { data: undefined, came: `code ${code} under HTTP status ${httpStatus}`, code };
}

function isHttpSuccess(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus < 300;
}

type Envelope = JsonObject & { readonly code: number };

const utf8 = new TextDecoder();

function parseEnvelope(body: Uint8Array): Envelope | null {
  try {
    const parsed: unknown = JSON.parse(utf8.decode(body));
    return isJsonObject(parsed) && Number.isInteger(parsed['code']) ? (parsed as Envelope) : null;
  } catch {
    return null;
  }
}

function decodeData(data: unknown): Decoded {
  if (!isJsonObject(data)) return failure(unusable('data is missing'));
  if (!hasUsableData(data)) return failure(unusable('base_resp.status_code is not 0'));
  const scores = readScores(data);
  return scores === null ? failure(unusable('none of the six indices is there')) : { kind: 'answer', scores };
}

/** The second status, inside of `data`; one that is missing says nothing. */
export function hasUsableData(data: JsonObject): boolean {
  const baseResp = data['base_resp'] ?? {};
  const status = isJsonObject(baseResp) ? (baseResp['status_code'] ?? 0) : null;
  return readNumber(status) === 0;
}

function contradiction(httpStatus: number): UpstreamError {
  return new UpstreamError(BAD_RESPONSE, {
    reason: `code 0 under HTTP status ${httpStatus}`,
    upstreamCode: SUCCESS_CODE,
  });
}

function unusable(reason: string): UpstreamError {
  return new UpstreamError(UNUSABLE_ANSWER, { reason, upstreamCode: SUCCESS_CODE });
}

/** The reading of a response whose body is no envelope. A 5xx may come from a proxy in front of a call that was billed. */
function bareStatusError(httpStatus: number, bodyFault?: string): UpstreamError {
  const reason = bareStatusReason(httpStatus, bodyFault);
  const verdict = BARE_STATUSES.get(httpStatus) ?? (httpStatus >= 500 ? OUTCOME_UNKNOWN : BAD_RESPONSE);
  return new UpstreamError(verdict, { reason });
}

function bareStatusReason(httpStatus: number, bodyFault?: string): string {
  return `HTTP status ${httpStatus} ${bodyFault ? `with ${bodyFault}` : 'without the documented envelope'}`;
}

function failure(error: UpstreamError): Decoded {
  return { kind: 'failure', error };
}
