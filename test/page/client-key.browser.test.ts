import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { expectsChromium } from '../support/chromium.ts';
import { writeKeyFile } from '../support/key-file.ts';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { useTestBrowser } from '../support/test-browser.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { openStartPage } from './start-page.ts';

describe.skipIf(!expectsChromium())('where a client key is needed', () => {
  const browser = useTestBrowser();

  test('the start page comes without one, asks for it, and keeps it for the tab only', async () => {
    using keys = writeKeyFile({ name: 'web', key: 'the-key-of-a-person' });
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });
    await using start = await openStartPage(browser, gateway.origin);

    await start.compare('7');
    await (await start.arrived('7', 'failure')).getByText('This gateway asks for a key.').waitFor();
    await start.fault(/401/);
    expect(upstream.calls).toHaveLength(0);

    const field = start.page.getByLabel('Client key');
    await field.fill('the-key-of-a-person');
    await start.compare('7');
    await start.arrived('7', 'answer');
    expect(await accessibilityFaults(start.page)).toEqual([]);

    await start.page.reload();
    expect(await field.inputValue()).toBe('the-key-of-a-person');
    expect(await start.page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, '']);
    expect(gateway.logText()).not.toContain('the-key-of-a-person');
  });

  test('GraphiQL says where it goes', async () => {
    using keys = writeKeyFile({ name: 'web', key: 'the-key-of-a-person' });
    await using gateway = await startTestGateway({
      env: { CLIENT_KEYS_FILE: keys.path, JUSTONEAPI_ENVIRONMENT: 'sandbox' },
    });
    const response = await fetch(`${gateway.origin}/graphql`, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('Put your client key into the Headers tab');
    expect(html).toContain('x-api-key');
    expect((await fetch(`${gateway.origin}/schema.graphql`)).status).toBe(404);
  });
});
