import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectsChromium, openTestPage, type TestPage, WINDOW } from '../../support/chromium.ts';
import { answers, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startTestGateway } from '../../support/test-gateway.ts';

const PAGE_VISIT = { accept: 'text/html', 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' };

/** Presses the play button, and gives what the result pane then holds. */
async function play({ page }: TestPage, expected: RegExp): Promise<string> {
  await page.getByRole('button', { name: /execute query/i }).click();
  const pane = page.locator('.result-window');
  await pane.getByText(expected).first().waitFor();
  return (await pane.innerText()).replaceAll('\u00a0', ' ');
}

async function saveScreenshot({ page }: TestPage, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS_DIR'];
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

describe.skipIf(!expectsChromium())('in a browser', () => {
  test('the first query of the page runs as it stands, and no other host is asked', async () => {
    await using gateway = await startTestGateway();
    await using tab = await openTestPage();

    await tab.page.goto(`${gateway.origin}/graphql`);
    const result = await play(tab, /71\.41/);
    await saveScreenshot(tab, 'graphiql');

    expect(result).toMatch(/"star": \{\s*"value": 71\.41,/);
    expect(result).not.toContain('errors');
    expect(tab.foreignRequests).toEqual([]);
    expect(tab.faults).toEqual([]);
    expect(gateway.logText()).not.toContain('"level":"error"');
  });

  test('a visible line on top says that the answers are synthetic', async () => {
    await using gateway = await startTestGateway();
    await using tab = await openTestPage();

    await tab.page.goto(`${gateway.origin}/graphql`);
    const notice = tab.page.getByRole('status').filter({ hasText: /synthetic/ });
    await notice.waitFor({ state: 'visible' });

    expect(await notice.boundingBox()).toMatchObject({ x: 0, y: 0, width: WINDOW.width });
    expect(await tab.page.title()).toContain('sandbox');
  });

  test('the editor below that line ends where the window ends', async () => {
    await using gateway = await startTestGateway();
    await using tab = await openTestPage();

    await tab.page.goto(`${gateway.origin}/graphql`);
    const editor = tab.page.locator('#root .graphiql-container').first();
    await editor.waitFor({ state: 'visible' });

    const { y = 0, height = 0 } = (await editor.boundingBox()) ?? {};
    expect(y + height).toBe(WINDOW.height);
  });

  test('a live page says that answers are bought, and its first query buys nothing', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream });
    await using tab = await openTestPage();

    await tab.page.goto(`${gateway.origin}/graphql`);
    await tab.page
      .getByRole('status')
      .filter({ hasText: /bought/ })
      .waitFor({ state: 'visible' });
    const result = await play(tab, /"data"/);
    await saveScreenshot(tab, 'graphiql-live');

    expect(result).not.toContain('errors');
    expect(await tab.page.getByText('synthetic').count()).toBe(0);
    expect(upstream.calls).toHaveLength(0);
    expect(tab.foreignRequests).toEqual([]);
    expect(tab.faults).toEqual([]);
  });
});

describe('the page over HTTP', () => {
  const visit = (origin: string, headers: Record<string, string> = {}) =>
    fetch(`${origin}/graphql`, { headers: { ...PAGE_VISIT, ...headers } });

  test('comes compressed to whoever takes that, and is the same otherwise', async () => {
    await using gateway = await startTestGateway();
    const plain = await visit(gateway.origin, { 'accept-encoding': 'identity' });
    const packed = await visit(gateway.origin, { 'accept-encoding': 'br;q=0, gzip, deflate' });

    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    for (const { status, headers } of [plain, packed]) {
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('vary')).toMatch(/Accept-Encoding/);
    }
    const sizeOf = (response: Response) => Number(response.headers.get('content-length'));
    expect(sizeOf(packed)).toBeLessThan(sizeOf(plain) / 3);
    const html = await plain.text();
    expect(Buffer.byteLength(html)).toBe(sizeOf(plain));
    expect(html === (await packed.text())).toBe(true);
  });

  test('is not sent again to a browser that has it', async () => {
    await using gateway = await startTestGateway();
    const first = await visit(gateway.origin);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{20,}"$/);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    await first.arrayBuffer();

    const again = await visit(gateway.origin, { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(again.headers.get('etag')).toBe(etag);
    expect((await again.arrayBuffer()).byteLength).toBe(0);
    expect((await visit(gateway.origin, { 'if-none-match': '"another"' })).status).toBe(200);
  });

  test('may load nothing from elsewhere, and may stand in no frame', async () => {
    await using gateway = await startTestGateway();
    const { headers } = await visit(gateway.origin);
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});
