import { CLOSING, ECHO, HEAD, sends } from '../support/raw-responses.ts';
import { type Behaviour, envelopeFor, replies } from '../support/scripted-upstream.ts';
import { ANSWERED, BAD_RESPONSE, type Details, type Fault, faults, UNUSABLE, VICTIM } from './faults.ts';

const WHOLE = JSON.stringify(envelopeFor(VICTIM));
const { data: BLOCKS } = envelopeFor(VICTIM);
const STAR = { avg_value: 56.48, link_relative_ratio: -0.0191, rank: '44031', rank_percent: 0.0054, value: 71.41 };
const READ = { value: 71.41, avgValue: 56.48, linkRelativeRatio: -0.0191, rank: 44_031, rankPercent: 0.0054 };
const SUCCESS = { status_code: 0, status_message: '' };

/** Well-formed JSON under HTTP 200. */
const says = (body: unknown): Behaviour => replies(200, JSON.stringify(body));
/** A success with this data, or with one member of the data changed. */
const saysData = (data: unknown): Behaviour => says({ code: 0, data });
const saysWith = (changed: object): Behaviour => saysData({ ...BLOCKS, ...changed });
/** An answer whose star block differs from the sample in the given members. */
const saysStar = (changed: object): Behaviour => saysData({ link_star_index: { ...STAR, ...changed } });
const star = (changed: object): Details => ({ linkIndex: { star: { ...READ, ...changed }, cp: null } });

/** What goes wrong in the body of a response that arrives whole. */
export const BODY_FAULTS: readonly Fault[] = [
  ...faults(BAD_RESPONSE, [
    ['an empty body', replies(200, '')],
    ['HTTP 204', sends('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n')],
    ['a page of HTML', replies(200, '<!doctype html><title>Login</title>', { 'content-type': 'text/html' })],
    ['a page of HTML called JSON', replies(200, '<html>busy</html>')],
    ['null', says(null)],
    ['an empty list', says([])],
    ['an empty object', says({})],
    ['a number', says(0)],
    ['a string', says('0')],
    ['true', says(true)],
    ['NaN as the body', replies(200, 'NaN')],
    ['NaN as the code', replies(200, '{"code":NaN,"data":{}}')],
    ['NaN as a score', replies(200, WHOLE.replace('"avg_value":50', '"avg_value":NaN'))],
    ['a single quote for a double one', replies(200, WHOLE.replaceAll('"', "'"))],
    ['an answer with a comma too many', replies(200, `${WHOLE.slice(0, -1)},}`)],
    ['two answers in one body', replies(200, WHOLE + WHOLE)],
    ['an answer in a list', says([envelopeFor(VICTIM)])],
    ['an answer in UTF-16', replies(200, Buffer.from(WHOLE, 'utf16le'))],
    ['100,000 nested lists', replies(200, '['.repeat(100_000) + ']'.repeat(100_000))],
    ['code "0" as a string', says({ ...envelopeFor(VICTIM), code: '0' })],
    ['code "301" as a string', says({ code: '301', data: null })],
    ['code 0.5', says({ ...envelopeFor(VICTIM), code: 0.5 })],
    ['code null', says({ ...envelopeFor(VICTIM), code: null })],
    ['code true', says({ ...envelopeFor(VICTIM), code: true })],
    ['code 1e999', replies(200, WHOLE.replace('"code":0', '"code":1e999'))],
    ['an envelope without a code', says({ data: BLOCKS })],
    ['a code on the prototype', replies(200, `{"__proto__":${WHOLE}}`)],
    ['the token as the code', says({ ...envelopeFor(VICTIM), code: ECHO })],
    ['the token as the body', replies(200, ECHO)],
    ['a page that repeats the token', replies(200, `<html>${ECHO}</html>`)],
  ]),

  ...faults(
    UNUSABLE,
    [
      ['code 0 without data', says({ code: 0 })],
      ['data null', saysData(null)],
      ['data as a list', saysData([BLOCKS])],
      ['data as a string of JSON', saysData(JSON.stringify(BLOCKS))],
      ['data as a number', saysData(7)],
      ['empty data', saysData({})],
      ['data without blocks', saysData({ base_resp: SUCCESS })],
      ['data with all blocks null', saysData({ base_resp: SUCCESS, cp_index: null, link_star_index: null })],
      ['data whose blocks are lists', saysData({ cp_index: [], link_star_index: [STAR] })],
      ['blocks on the prototype', replies(200, `{"code":0,"data":{"__proto__":${JSON.stringify(BLOCKS)}}}`)],
      ['blocks beside the data', says({ code: 0, data: {}, ...BLOCKS })],
      ['blocks under names in capitals', saysData({ LINK_STAR_INDEX: STAR })],
      ['base_resp.status_code 1', saysWith({ base_resp: { status_code: 1, status_message: 'failed' } })],
      ['base_resp.status_code -1', saysWith({ base_resp: { status_code: -1 } })],
      ['base_resp.status_code as a word', saysWith({ base_resp: { status_code: 'ok' } })],
      ['base_resp as a word', saysWith({ base_resp: 'ok' })],
      ['base_resp that repeats the token', saysWith({ base_resp: { status_code: ECHO, status_message: ECHO } })],
    ],
    { upstreamCode: 0 },
  ),

  ...faults(ANSWERED, [
    ['a byte order mark', replies(200, `\ufeff${WHOLE}`)],
    ['white space around the answer', replies(200, `\r\n\t ${WHOLE} \n`)],
    ['an answer called HTML', replies(200, WHOLE, { 'content-type': 'text/html; charset=gbk' })],
    ['an answer without a content type', sends('HTTP/1.1 200 OK\r\n', CLOSING, '\r\n', WHOLE)],
    ['an answer under HTTP 201', replies(201, WHOLE)],
    ['an answer with broken UTF-8 in its message', sends(HEAD, CLOSING, '\r\n{"message":"\xff\xfe",', WHOLE.slice(1))],
    ['an answer that repeats the token in its message', says({ ...envelopeFor(VICTIM), message: ECHO })],
    ['an answer without base_resp', saysWith({ base_resp: undefined })],
    ['an answer with base_resp null', saysWith({ base_resp: null })],
    ['an answer with a polluting prototype', replies(200, `{"__proto__":{"code":100},${WHOLE.slice(1)}`)],
    ['a code twice, the last one good', replies(200, `{"code":100,${WHOLE.slice(1)}`)],
    ['a block twice, the last one good', replies(200, WHOLE.replace('"link_star', '"link_star_index":1,"link_star'))],
    ['a block as null', saysData({ link_star_index: STAR, cp_index: null }), star({})],
    ['a block as a string', saysData({ link_star_index: STAR, cp_index: 'none' }), star({})],
    ['a block as a list', saysData({ link_star_index: STAR, cp_index: [STAR] }), star({})],
    ['a block as the token', saysData({ link_star_index: STAR, cp_index: ECHO }), star({})],
    ['a rank as a number', saysStar({ rank: 44_031 }), star({})],
    ['scores as strings', saysStar({ value: '71.41', avg_value: '56.48', rank_percent: '0.0054' }), star({})],
    ['a negative rank', saysStar({ rank: '-1', rank_percent: -1 }), star({ rank: null, rankPercent: null })],
    [
      'a negative rank as a number',
      saysStar({ rank: -7, rank_percent: -0.5 }),
      star({ rank: null, rankPercent: null }),
    ],
    ['rank 0', saysStar({ rank: '0' }), star({ rank: null })],
    ['rank 1.5', saysStar({ rank: '1.5' }), star({ rank: null })],
    ['the largest rank', saysStar({ rank: '2147483647' }), star({ rank: 2_147_483_647 })],
    ['a rank past the largest', saysStar({ rank: '2147483648' }), star({ rank: null })],
    ['a rank with a separator', saysStar({ rank: '44,031' }), star({ rank: null })],
    ['a score as NaN in a string', saysStar({ value: 'NaN' }), star({ value: null })],
    ['a score as Infinity in a string', saysStar({ value: 'Infinity' }), star({ value: null })],
    ['a score past every number', replies(200, starText('1e999')), { linkIndex: { star: score(null) } }],
    ['a score as an empty string', saysStar({ value: '' }), star({ value: null })],
    ['a score as a hexadecimal string', saysStar({ value: '0x10' }), star({ value: null })],
    ['a score as true', saysStar({ value: true }), star({ value: null })],
    ['a score as a list', saysStar({ value: [71.41] }), star({ value: null })],
    ['a score as an object', saysStar({ value: { valueOf: 71.41 } }), star({ value: null })],
    ['a score as the token', saysStar({ value: ECHO }), star({ value: null })],
    ['a score left out', saysStar({ value: undefined }), star({ value: null })],
    ['a score twice, the last one good', replies(200, starText('1,"value":2')), { linkIndex: { star: score(2) } }],
  ]),
];

function starText(value: string): string {
  return `{"code":0,"data":{"link_star_index":{"value":${value}}}}`;
}

function score(value: number | null) {
  return { value, avgValue: null, linkRelativeRatio: null, rank: null, rankPercent: null };
}
