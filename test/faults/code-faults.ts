import { ECHO, sends } from '../support/raw-responses.ts';
import { type Behaviour, envelopeFor, failsWith, replies } from '../support/scripted-upstream.ts';
import {
  BAD_RESPONSE,
  BALANCE_INSUFFICIENT,
  COLLECTION_FAILED,
  type Consequence,
  ENDPOINT_GONE,
  type Fault,
  faults,
  INTERNAL_ERROR,
  NO_DATA,
  OUTCOME_UNKNOWN,
  PERMISSION_DENIED,
  QUOTA_EXCEEDED,
  RATE_LIMITED,
  RATE_LIMITED_LONG,
  REFUSED_PARAMETERS,
  type Row,
  TOKEN_INVALID,
  TOKEN_LIMIT_REACHED,
  VICTIM,
} from './faults.ts';

/** A business code under the HTTP status that the newest document gives it. */
const failsUnder = (httpStatus: number, code: number): Behaviour =>
  replies(httpStatus, JSON.stringify({ code, message: 'said by the upstream', data: null }));
/** A status of a server that knows nothing of the envelope. */
const bare = (httpStatus: number, headers?: Record<string, string>): Behaviour =>
  replies(httpStatus, '<html>said by a proxy</html>', { 'content-type': 'text/html', ...headers });
const limited = (retryAfter: string): Behaviour => bare(429, { 'retry-after': retryAfter });

/** A code in both forms. */
function ofCode(code: number, consequence: Consequence, ...httpStatuses: readonly number[]): readonly Fault[] {
  const rows: Row[] = httpStatuses.map((status) => [`code ${code} under HTTP ${status}`, failsUnder(status, code)]);
  return faults(consequence, [[`code ${code} under HTTP 200`, failsWith(code)], ...rows], { upstreamCode: code });
}

/** What the upstream says in codes, statuses and `Retry-After`. */
export const CODE_FAULTS: readonly Fault[] = [
  ...ofCode(100, TOKEN_INVALID, 401, 403),
  ...ofCode(300, ENDPOINT_GONE, 404),
  ...ofCode(301, COLLECTION_FAILED, 500, 503),
  ...ofCode(302, RATE_LIMITED, 429, 503),
  ...ofCode(303, QUOTA_EXCEEDED, 429),
  ...ofCode(400, REFUSED_PARAMETERS, 400),
  ...ofCode(404, ENDPOINT_GONE, 404),
  ...ofCode(500, INTERNAL_ERROR, 500),
  ...ofCode(503, INTERNAL_ERROR, 503),
  ...ofCode(600, PERMISSION_DENIED, 403),
  ...ofCode(601, BALANCE_INSUFFICIENT, 403, 429),
  ...ofCode(602, TOKEN_LIMIT_REACHED, 403, 429),
  ...ofCode(101, BAD_RESPONSE, 400),
  ...ofCode(202, BAD_RESPONSE),
  ...ofCode(999, BAD_RESPONSE, 500),
  ...ofCode(-1, BAD_RESPONSE),
  ...ofCode(200, BAD_RESPONSE),
  ...faults(NO_DATA, [
    ['code 201 under HTTP 200', failsWith(201)],
    ['code 201 with an answer', replies(200, JSON.stringify({ ...envelopeFor(VICTIM), code: 201 }))],
  ]),

  ...faults(
    BAD_RESPONSE,
    [400, 404, 429, 500, 503].map((status): Row => {
      return [`code 0 under HTTP ${status}`, replies(status, JSON.stringify(envelopeFor(VICTIM)))];
    }),
    { upstreamCode: 0 },
  ),

  ...faults(TOKEN_INVALID, [
    ['bare HTTP 401', bare(401)],
    [
      'code 100 that repeats the token',
      replies(200, `{"code":100,"message":"bad token ${ECHO}"}`),
      { upstreamCode: 100 },
    ],
    ['bare HTTP 401 that repeats the token', replies(401, ECHO, { 'www-authenticate': `Bearer realm="${ECHO}"` })],
  ]),
  ...faults(PERMISSION_DENIED, [['bare HTTP 403', bare(403)]]),
  ...faults(ENDPOINT_GONE, [
    ['bare HTTP 404', bare(404)],
    ['bare HTTP 410', bare(410)],
  ]),
  ...faults(OUTCOME_UNKNOWN, [
    ...[500, 501, 502, 503, 504, 520].map((status): Row => [`bare HTTP ${status}`, bare(status)]),
    ['bare HTTP 503 with Retry-After', bare(503, { 'retry-after': '1' })],
    ['bare HTTP 500 that repeats the token', replies(500, ECHO)],
    ['HTTP 502 without a body', sends('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')],
  ]),
  ...faults(
    BAD_RESPONSE,
    [300, 304, 400, 402, 405, 408, 418, 451].map((status): Row => [`bare HTTP ${status}`, bare(status)]),
  ),

  ...faults(RATE_LIMITED, [
    ['bare HTTP 429', bare(429)],
    ['Retry-After: 0', limited('0')],
    ['Retry-After of garbage', limited('soon')],
    ['Retry-After of nothing', limited('')],
    ['Retry-After with the token', limited(ECHO)],
    ['Retry-After of a date that has passed', limited('Thu, 01 Jan 2026 00:00:00 GMT')],
    ['Retry-After twice', sends('HTTP/1.1 429 X\r\nretry-after: 60\r\nretry-after: 70\r\ncontent-length: 0\r\n\r\n')],
    ['Retry-After: 1', limited('1'), { waitsSeconds: 1, retryAfterSeconds: 1 }],
    ['Retry-After: 10', limited('10'), { waitsSeconds: 10, retryAfterSeconds: 10 }],
  ]),
  ...faults(RATE_LIMITED_LONG, [
    ['Retry-After: 11', limited('11'), { retryAfterSeconds: 11 }],
    ['Retry-After of an hour', limited('3600'), { retryAfterSeconds: 3600 }],
    ['Retry-After past every hour', limited('99999999999999999999'), { retryAfterSeconds: 3600 }],
    [
      'Retry-After of a date',
      limited('Fri, 02 Jan 2026 03:05:05 GMT'),
      { retryAfterSeconds: 60, attemptsAfterwards: 3 },
    ],
    ['Retry-After of a far date', limited('Fri, 31 Dec 9999 23:59:59 GMT'), { retryAfterSeconds: 3600 }],
    ['code 302 with Retry-After', codeWithRetryAfter('30'), { retryAfterSeconds: 30, upstreamCode: 302 }],
  ]),
];

function codeWithRetryAfter(retryAfter: string): Behaviour {
  return replies(200, '{"code":302,"message":null,"data":null}', { 'retry-after': retryAfter });
}
