import { describe, expect, test } from 'vitest';
import { decodeBalance, isBalance, readBalance } from '../../../src/upstream/account/balance.ts';
import { createUpstreamClient } from '../../../src/upstream/client.ts';
import { ECHO } from '../../support/raw-responses.ts';
import { type Behaviour, replies, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { CANARY_TOKEN } from '../../support/test-gateway.ts';
import { BALANCE_PATH, balanceEnvelope, tellsBalance } from '../../support/vendor-account.ts';

const EXPECTED = 'expected code 0 with data.balance, a decimal string, and data.currency, three capital letters';

const decode = (body: string, httpStatus = 200) => decodeBalance({ httpStatus, body: new TextEncoder().encode(body) });
const envelope = (code: number, data: unknown = null) => JSON.stringify({ code, message: ECHO, data, [ECHO]: ECHO });

describe('a balance', () => {
  test.each(['123.4500', '0', '-3.20', '0.0001', '999999999999999.9999999999'])(
    '%s is kept digit for digit',
    (amount) => {
      expect(decode(balanceEnvelope(amount, 'USD'))).toEqual({ kind: 'balance', balance: { amount, currency: 'USD' } });
      expect(isBalance(amount, 'USD')).toBe(true);
    },
  );

  test.each<[unknown, unknown, string]>([
    [123.45, 'CNY', 'data.balance a number'],
    [undefined, 'CNY', 'data.balance of another form'],
    [null, 'CNY', 'data.balance null'],
    ['', 'CNY', 'data.balance of another form'],
    ['1e3', 'CNY', 'data.balance of another form'],
    ['12 ', 'CNY', 'data.balance of another form'],
    ['1234567890123456', 'CNY', 'data.balance of another form'],
    [ECHO, 'CNY', 'data.balance of another form'],
    [{ ECHO }, 'CNY', 'data.balance an object'],
    ['1.5', ECHO, 'data.currency of another form'],
    ['1.5', 'cny', 'data.currency of another form'],
    ['1.5', 'CNY\n', 'data.currency of another form'],
    ['1.5', ['CNY'], 'data.currency a list'],
    ['1.5', null, 'data.currency null'],
  ])('%j in %j is none', (amount, currency, came) => {
    const body = amount === undefined ? balanceEnvelope('', currency) : balanceEnvelope(amount, currency);
    expect(decode(body)).toEqual({ kind: 'unreadable', reason: `${EXPECTED}; got ${came}` });
    expect(isBalance(amount, currency)).toBe(false);
  });

  test.each<[string, string, number, string]>([
    ['a failure', envelope(301), 200, 'code 301 under HTTP status 200'],
    ['an empty account', envelope(601), 200, 'code 601 under HTTP status 200'],
    ['an unknown code', envelope(999), 500, 'code 999 under HTTP status 500'],
    ['a success that contradicts itself', balanceEnvelope(), 500, 'code 0 under HTTP status 500'],
    ['no data', envelope(0), 200, 'code 0 with data null'],
    ['a list of data', envelope(0, [ECHO]), 200, 'code 0 with data a list'],
    ['data without a balance', envelope(0, { [ECHO]: ECHO }), 200, 'data.balance missing'],
    ['a code as text', JSON.stringify({ code: '0' }), 200, 'HTTP status 200 without the documented envelope'],
    ['a page', `<p>${ECHO}</p>`, 200, 'HTTP status 200 without the documented envelope'],
    ['nothing', '', 404, 'HTTP status 404 without the documented envelope'],
    ['a redirect', '', 302, 'HTTP status 302 without the documented envelope'],
  ])('%s says what was expected and what came', (_, body, httpStatus, came) => {
    expect(decode(body, httpStatus)).toEqual({ kind: 'unreadable', reason: `${EXPECTED}; got ${came}` });
  });

  test.each<[string, string, number, string]>([
    ['code 100', envelope(100), 200, 'code 100 under HTTP status 200'],
    ['code 100 under HTTP 401', envelope(100), 401, 'code 100 under HTTP status 401'],
    ['HTTP 401 alone', '', 401, 'HTTP status 401 without the documented envelope'],
  ])('a token is refused by %s', (_, body, httpStatus, reason) => {
    expect(decode(body, httpStatus)).toEqual({ kind: 'refused', reason });
  });
});

describe('a read of the balance', () => {
  async function read(behaviour: Behaviour, prefix = '') {
    await using upstream = await startScriptedUpstream(behaviour);
    const client = createUpstreamClient({
      ...{ baseUrl: upstream.baseUrl + prefix, token: () => CANARY_TOKEN, timeoutMs: 60_000, keepAlive: false },
    });
    try {
      return { outcome: await readBalance(client), calls: upstream.calls };
    } finally {
      await client.close();
    }
  }

  test('is one call with the token and nothing else', async () => {
    const { outcome, calls } = await read(tellsBalance(), '/vendor');
    expect(outcome).toEqual({ kind: 'balance', balance: { amount: '123.4500', currency: 'CNY' } });
    expect(calls.map(({ path, parameters }) => [path, [...parameters]])).toEqual([
      [`/vendor${BALANCE_PATH}`, [['token', CANARY_TOKEN]]],
    ]);
  });

  test.each<[string, Behaviour, string]>([
    ['is cut off', (socket) => void socket.destroy(), 'no whole response (UND_ERR_SOCKET)'],
    [
      'sends more than 1 MiB',
      replies(200, balanceEnvelope('1'.repeat(1024 * 1024))),
      'no whole response (UND_ERR_RES_EXCEEDED_MAX_SIZE)',
    ],
  ])('an upstream that %s is an outcome', async (_, behaviour, came) => {
    const { outcome, calls } = await read(behaviour);
    expect(outcome).toEqual({ kind: 'unreadable', reason: `${EXPECTED}; got ${came}` });
    expect(calls).toHaveLength(1);
  });

  test('follows no redirect, which would carry the token to another host', async () => {
    await using elsewhere = await startScriptedUpstream(tellsBalance());
    const { outcome } = await read(replies(302, '', { location: `${elsewhere.baseUrl}${BALANCE_PATH}?token=${ECHO}` }));
    expect(outcome).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('HTTP status 302') });
    expect(elsewhere.calls).toEqual([]);
  });
});
