import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { expectsChromium } from '../support/chromium.ts';
import { writeKeyFile } from '../support/key-file.ts';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { useTestBrowser } from '../support/test-browser.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { openStartPage } from './start-page.ts';
import { SUB_PATH, startSubPathProxy } from './sub-path-proxy.ts';

/** What a page leads to or loads on its own host, as the browser understands it. */
async function addressesOn(page: Page): Promise<string[]> {
  const addresses = await page
    .locator('a[href], img[src], link[href], script[src], form[action]')
    .evaluateAll((elements) =>
      elements.flatMap((element) =>
        ['href', 'src', 'action'].flatMap((name) => {
          const value = (element as unknown as Record<string, unknown>)[name];
          return typeof value === 'string' && value !== '' ? [value] : [];
        }),
      ),
    );
  const { origin } = new URL(page.url());
  return addresses.map((address) => address.split('#', 1)[0] ?? '').filter((address) => address.startsWith(origin));
}

describe.skipIf(!expectsChromium())('below a sub-path of a proxy', () => {
  const browser = useTestBrowser();

  test.each(['', '/'])('the start page answers its first query: /kol%s', async (slash) => {
    await using gateway = await startTestGateway();
    await using proxy = await startSubPathProxy(gateway.origin);
    await using start = await openStartPage(browser, `${proxy.origin}${SUB_PATH}${slash}`);

    await (await start.arrived('sandbox-sample', 'answer')).getByText('71.41').waitFor();
    expect(start.sent).toEqual([`${SUB_PATH}/graphql`]);
    expect(proxy.strayPaths).toEqual([]);
  });

  test('GraphiQL, opened from the start page, answers its first query', async () => {
    await using gateway = await startTestGateway();
    await using proxy = await startSubPathProxy(gateway.origin);
    await using start = await openStartPage(browser, `${proxy.origin}${SUB_PATH}/`);
    const { page, sent } = start;

    await page.getByRole('link', { name: 'GraphiQL' }).click();
    await page.getByRole('button', { name: /execute query/i }).click();
    await page
      .locator('.result-window')
      .getByText(/71\.41/)
      .first()
      .waitFor();
    expect(new URL(page.url()).pathname).toBe(`${SUB_PATH}/graphql`);
    expect(new Set(sent)).toEqual(new Set([`${SUB_PATH}/graphql`]));
    expect(proxy.strayPaths).toEqual([]);
  });

  test('every page that a visitor can get to is there, with all that it loads', async () => {
    await using gateway = await startTestGateway();
    await using proxy = await startSubPathProxy(gateway.origin);
    const root = `${proxy.origin}${SUB_PATH}/`;
    const found = new Map([[root, 'the visitor']]);
    await using tab = await browser.open(root);

    for (const [address, from] of found) {
      const response = await fetch(address, { headers: { accept: 'text/html' } });
      expect([from, address, response.status]).toEqual([from, address, 200]);
      const isPage = response.headers.get('content-type')?.startsWith('text/html');
      // These are only text with links, which documents-over-http.test.ts follows without a browser.
      if (!isPage || address.includes('/docs/decisions/')) continue;
      await tab.page.goto(address);
      await tab.page.locator('main, .graphiql-container').first().waitFor();
      for (const other of await addressesOn(tab.page)) if (!found.has(other)) found.set(other, address);
    }
    const paths = [...found.keys()].map((address) => address.slice(root.length));
    for (const path of [
      'graphql',
      'schema.graphql',
      'README.md',
      'LICENSE',
      'docs/operations.md',
      'docs/performance.svg',
    ])
      expect(paths).toContain(path);
    expect(paths.filter((path) => path.endsWith('.png'))).not.toEqual([]);
    expect(proxy.strayPaths).toEqual([]);
  });

  test('the start page asks for a client key, and is answered with it', async () => {
    using keys = writeKeyFile({ name: 'web', key: 'the-key-of-a-person' });
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });
    await using proxy = await startSubPathProxy(gateway.origin);
    await using start = await openStartPage(browser, `${proxy.origin}${SUB_PATH}/`);

    await start.compare('7');
    await (await start.arrived('7', 'failure')).getByText('This gateway asks for a key.').waitFor();
    await start.fault(/401/);
    await start.page.getByLabel('Client key').fill('the-key-of-a-person');
    await start.compare('7');
    await start.arrived('7', 'answer');
    expect(upstream.calls).toHaveLength(1);
    expect(proxy.strayPaths).toEqual([]);
  });
});
