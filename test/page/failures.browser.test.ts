import { describe, expect, test } from 'vitest';
import { expectsChromium } from '../support/chromium.ts';
import { answers, failsWith, held } from '../support/scripted-upstream.ts';
import { SOON, useTestBrowser } from '../support/test-browser.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { startCuttableProxy } from './cuttable-proxy.ts';
import { openStartPage } from './start-page.ts';

const NO_RETRIES = { UPSTREAM_MAX_ATTEMPTS: '1' };
const AWAY = /The gateway itself does not answer\. Check that it runs, and try again\.\s+NETWORK/;

describe.skipIf(!expectsChromium())('on the start page', () => {
  const browser = useTestBrowser();

  test('each outcome has words of its own, and "Try again" stands where that may help', async () => {
    await using gateway = await startTestGateway({ env: NO_RETRIES });
    await using start = await openStartPage(browser, gateway.origin);

    await start.compare('sandbox-sample sandbox-201 sandbox-301 sandbox-601 bad.id');
    await start.status.getByText('Everything has arrived. 1 call to the sandbox').waitFor();
    const textOf = async (id: string, kind: 'answer' | 'no-data' | 'failure') =>
      (await start.arrived(id, kind)).innerText();

    expect(await textOf('sandbox-sample', 'answer')).toContain('71.41');
    expect(await textOf('sandbox-201', 'no-data')).toContain('That is an answer, not a failure.');
    expect(await textOf('sandbox-301', 'failure')).toMatch(
      /The vendor could not collect the scores this time\. Try again\.\s+UPSTREAM_COLLECTION_FAILED, request [\w-]{36}/,
    );
    expect(await textOf('sandbox-601', 'failure')).toMatch(
      /The account is empty\. .*\s+UPSTREAM_BALANCE_INSUFFICIENT, request [\w-]{36}/,
    );
    expect(await textOf('bad.id', 'failure')).toMatch(
      /This is no id that a creator can have.*Bad KOL id "bad.id".*BAD_USER_INPUT, request/s,
    );
    expect(await start.page.getByRole('button', { name: 'Try again' }).count()).toBe(1);
    expect(await start.card('sandbox-301').getByRole('button', { name: 'Try again' }).count()).toBe(1);
  });

  test('"Try again" asks again, and pays for nothing that is known', async () => {
    await using upstream = await startUpstreamByKol({ shaky: [failsWith(301), answers] });
    await using gateway = await startTestGateway({ upstream, env: NO_RETRIES });
    await using start = await openStartPage(browser, gateway.origin);

    await start.compare('a shaky');
    await start.status.getByText('1 call was billed for this.').waitFor();
    await start.card('shaky').getByRole('button', { name: 'Try again' }).click();
    await start.arrived('shaky', 'answer');
    await start.arrived('a', 'answer');
    await start.status.getByText('1 call was billed for this.').waitFor();
    expect(upstream.calls.map(({ parameters }) => parameters.get('kolId')).sort()).toEqual(['a', 'shaky', 'shaky']);
  });

  test('"Try again" leaves the focus on the page, for whoever has no mouse', async () => {
    await using gateway = await startTestGateway({ env: NO_RETRIES });
    await using start = await openStartPage(browser, gateway.origin);
    await start.compare('sandbox-301');
    await start.card('sandbox-301').getByRole('button', { name: 'Try again' }).press('Enter');
    await expect.poll(() => start.sent.length, SOON).toBe(3);
    await start.status.getByText('Everything has arrived').waitFor();
    expect(await start.page.evaluate(() => document.activeElement?.tagName)).not.toBe('BODY');
  });

  test('a pause says for how long', async () => {
    await using upstream = await startUpstreamByKol({ over: [failsWith(303)] });
    await using gateway = await startTestGateway({ upstream });
    await using start = await openStartPage(browser, gateway.origin);

    await start.compare('over');
    await start.card('over').getByText('daily quota is used up').waitFor();
    await start.card('over').getByRole('button', { name: 'Try again' }).click();
    await start.card('over').getByText('nothing was asked. Try again a little later.').waitFor();
    expect(await start.card('over').innerText()).toMatch(/It can be tried again in \d+ s\.\s+UPSTREAM_PAUSED/);
    expect(upstream.calls).toHaveLength(1);
  });

  test('a request that is refused as a whole says why in every card', async () => {
    await using upstream = await startUpstreamByKol({});
    await using gateway = await startTestGateway({ upstream, env: { MAX_KOLS_PER_REQUEST: '1' } });
    await using start = await openStartPage(browser, gateway.origin);

    await start.compare('a b');
    for (const id of ['a', 'b'])
      expect(await (await start.arrived(id, 'failure')).innerText()).toMatch(/BAD_USER_INPUT/);
    await start.fault(/status of 400/);
    expect(upstream.calls).toHaveLength(0);
  });

  test('a gateway that is away leaves words, and answers when it is back', async () => {
    await using gateway = await startTestGateway();
    const proxy = await startCuttableProxy(gateway.origin);
    await using start = await openStartPage(browser, proxy.origin);
    await start.arrived('sandbox-sample', 'answer');
    await proxy[Symbol.asyncDispose]();

    await start.compare('a b');
    for (const id of ['a', 'b']) expect(await (await start.arrived(id, 'failure')).innerText()).toMatch(AWAY);
    await start.fault(/ERR_CONNECTION_REFUSED/);
    expect(await start.status.innerText()).not.toMatch(/call/);

    await using _back = await startCuttableProxy(gateway.origin, Number(new URL(proxy.origin).port));
    await start.card('b').getByRole('button', { name: 'Try again' }).click();
    await start.arrived('b', 'answer');
  });

  test('a connection that breaks in the middle leaves what has arrived', async () => {
    await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
    await using gateway = await startTestGateway({ upstream });
    await using proxy = await startCuttableProxy(gateway.origin);
    await using start = await openStartPage(browser, proxy.origin);

    await start.compare('a slow');
    await start.arrived('a', 'answer');
    proxy.cut();
    expect(await (await start.arrived('slow', 'failure')).innerText()).toMatch(AWAY);
    await start.fault(/ERR_INCOMPLETE_CHUNKED_ENCODING/);
    upstream.release();
    expect(await start.card('a').getAttribute('data-kind')).toBe('answer');

    await start.card('slow').getByRole('button', { name: 'Try again' }).click();
    await start.arrived('slow', 'answer');
    expect(upstream.calls).toHaveLength(2);
  });
});
