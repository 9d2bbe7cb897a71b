import { describe, expect, test } from 'vitest';
import { expectsChromium } from '../support/chromium.ts';
import { answers, held, starOf } from '../support/scripted-upstream.ts';
import { useTestBrowser } from '../support/test-browser.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { openStartPage } from './start-page.ts';

describe.skipIf(!expectsChromium())('the start page', () => {
  const browser = useTestBrowser();

  describe('in sandbox mode', () => {
    test('shows a first comparison without a click', async () => {
      await using gateway = await startTestGateway();
      await using start = await openStartPage(browser, gateway.origin);

      const card = await start.arrived('sandbox-sample', 'answer');
      expect(await start.page.getByRole('article').count()).toBe(1);
      const rows = await card.getByRole('table', { name: 'Indices of sandbox-sample' }).getByRole('row').all();
      expect(await Promise.all(rows.map(async (row) => (await row.innerText()).split(/\s*\t\s*/)))).toEqual([
        ['Index', 'Score', 'Average', 'Rank', 'Top', 'Change'],
        ['Xingtu', '71.41', '56.48', '44,031', '0.54%', '-1.91%'],
        ['Spread', '74.25', '53.29', '44,183', '0.55%', '-4.56%'],
        ['Seeding', '73.90', '53.58', '47,882', '0.59%', '-7.38%'],
        ['Conversion', '67.01', '55.31', '116,767', '1.44%', '+4.26%'],
        ['Value', '66.20', '64.08', '104,078', '1.28%', '-0.36%'],
        ['Cooperation', '75.67', '75.60', '144,843', '1.79%', '-0.07%'],
      ]);
      expect(await start.page.title()).toBe('Compare creators · kol-gateway (sandbox)');
      await start.page.getByText('Sandbox: scores are synthetic').waitFor();
      await start.status.getByText('1 call to the sandbox, which costs nothing.').waitFor();
    });

    test('draws the chart that it names', async () => {
      await using gateway = await startTestGateway();
      await using start = await openStartPage(browser, gateway.origin);

      const chart = start.page.getByRole('img', { name: /^Radar chart of the six indices of sandbox-sample / });
      await chart.waitFor();
      const paintedPixels = await chart.evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const pixels = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
        return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
      });
      expect(paintedPixels).toBeGreaterThan(5000);
    });

    test('keeps the size of the chart when it is drawn again', async () => {
      await using gateway = await startTestGateway();
      await using start = await openStartPage(browser, gateway.origin);
      const chart = (await start.arrived('sandbox-sample', 'answer')).getByRole('img');
      const isSteady = chart.evaluate(async (canvas) => {
        const before = canvas.clientHeight;
        const nextFrame = () => new Promise(requestAnimationFrame);
        while (document.documentElement.lang === 'en') await nextFrame();
        for (let frame = 0; frame < 10; frame += 1, await nextFrame()) if (canvas.clientHeight !== before) return false;
        return true;
      });
      await start.page.getByRole('button', { name: '中文' }).click();
      expect(await isSteady).toBe(true);
    });

    test('adds a sample id at a press and takes it away at the next, and asks only when told', async () => {
      await using gateway = await startTestGateway();
      await using start = await openStartPage(browser, gateway.origin);
      await start.arrived('sandbox-sample', 'answer');
      const chip = start.page.getByRole('button', { name: 'creator-7' });
      const isPressed = () => chip.getAttribute('aria-pressed');

      expect(await isPressed()).toBe('false');
      await chip.click();
      expect([await isPressed(), await start.input.inputValue()]).toEqual(['true', 'sandbox-sample creator-7']);
      await chip.click();
      expect([await isPressed(), await start.input.inputValue()]).toEqual(['false', 'sandbox-sample']);
      expect(start.sent).toEqual(['/graphql']);

      await chip.click();
      await start.page.getByRole('button', { name: 'Compare' }).click();
      await start.arrived('creator-7', 'answer');
      expect(start.sent).toEqual(['/graphql', '/graphql']);
    });

    test('tells a KOL that is not ranked from a score that is missing', async () => {
      await using gateway = await startTestGateway();
      await using start = await openStartPage(browser, gateway.origin);

      await start.compare('sandbox-not-ranked sandbox-missing-block');
      const xingtuOf = async (id: string) => {
        const card = await start.arrived(id, 'answer');
        return (await card.getByRole('row', { name: /^Xingtu/ }).innerText()).split(/\s*\t\s*/).slice(1);
      };
      expect(await xingtuOf('sandbox-not-ranked')).toEqual(['71.41', '56.48', 'not ranked', '–', '-1.91%']);
      expect(await xingtuOf('sandbox-missing-block')).toEqual(['missing', 'missing', 'missing', '–', '–']);
    });
  });

  describe('in live mode', () => {
    test('buys nothing at a visit, and says that answers are bought', async () => {
      await using upstream = await startUpstreamByKol({});
      await using gateway = await startTestGateway({ upstream });
      await using start = await openStartPage(browser, gateway.origin);

      await start.page.getByText('Live: answers are bought').waitFor();
      await start.page.getByText('at most one call for each id').waitFor();
      expect(await start.page.title()).toBe('Compare creators · kol-gateway');
      expect(await start.page.getByRole('group').count()).toBe(0);
      expect(await start.page.getByText(/sandbox/i).count()).toBe(0);
      expect(await start.page.getByRole('article').count()).toBe(0);
      expect(await start.input.inputValue()).toBe('');

      await start.page.getByRole('button', { name: 'Compare' }).click();
      await start.page.getByText('Enter at least one id.').waitFor();
      await start.input.fill('7');
      expect(start.sent).toEqual([]);
      expect(upstream.calls).toHaveLength(0);

      await start.page.getByRole('button', { name: 'Compare' }).click();
      await start.arrived('7', 'answer');
      await start.status.getByText('1 call was billed for this.').waitFor();
      expect(upstream.calls.map(({ parameters }) => parameters.get('kolId'))).toEqual(['7']);
    });

    test('a slow KOL holds up no other', async () => {
      await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
      await using gateway = await startTestGateway({ upstream });
      await using start = await openStartPage(browser, gateway.origin);

      await start.compare('a slow, b');
      for (const id of ['a', 'b']) await (await start.arrived(id, 'answer')).getByText(starOf(id).toFixed(2)).waitFor();
      expect(await start.card('slow').getAttribute('aria-busy')).toBe('true');
      expect(await start.card('slow').innerText()).toContain('Asking the upstream.');
      expect((await start.status.innerText()).trim()).toBe('2 of 3 have arrived.');
      expect(await start.page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['a', 'slow', 'b']);

      upstream.release();
      await (await start.arrived('slow', 'answer')).getByText(starOf('slow').toFixed(2)).waitFor();
      expect(await start.card('slow').getAttribute('aria-busy')).toBe('false');
      await start.status.getByText('3 calls were billed for this.').waitFor();
      expect(upstream.calls).toHaveLength(3);
    });

    test('a comparison that is left for another goes on being bought, and does not come back', async () => {
      await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
      await using gateway = await startTestGateway({ upstream });
      await using start = await openStartPage(browser, gateway.origin);

      await start.compare('slow');
      await upstream.received(1);
      await start.compare('a');
      await start.arrived('a', 'answer');
      upstream.release();
      expect(await start.page.getByRole('article').count()).toBe(1);

      await start.compare('slow');
      await start.arrived('slow', 'answer');
      expect(upstream.calls).toHaveLength(2);
    });

    test('what is known already costs nothing, and says how fresh it is', async () => {
      await using upstream = await startUpstreamByKol({});
      await using gateway = await startTestGateway({ upstream, env: { CACHE_FRESH_SECONDS: '60' } });
      await using start = await openStartPage(browser, gateway.origin);

      await start.compare('a b');
      await start.status.getByText('2 calls were billed for this.').waitFor();
      await start.card('a').getByText('Fresh', { exact: true }).waitFor();
      expect(await start.card('a').locator('time').getAttribute('datetime')).toBe('2026-01-02T03:04:05.678Z');
      await start.compare('a b');
      await start.status.getByText('0 calls were billed for this.').waitFor();
      expect(upstream.calls).toHaveLength(2);

      gateway.clock.advanceMs(61_000);
      await start.compare('b');
      await start.card('b').getByText('Older, a newer one is coming').waitFor();
    });

    test('takes up to five ids, each once, and refuses more in words before anything is sent', async () => {
      await using upstream = await startUpstreamByKol({});
      await using gateway = await startTestGateway({ upstream });
      await using start = await openStartPage(browser, gateway.origin);

      await start.compare('1 2 3 4 5 6');
      await start.page.getByText('Up to five ids at a time, please.').waitFor();
      expect(await start.input.getAttribute('aria-invalid')).toBe('true');
      expect(start.sent).toEqual([]);

      await start.compare('1, 2，3、4\t5  1');
      await start.status.getByText('5 calls were billed for this.').waitFor();
      expect(await start.input.getAttribute('aria-invalid')).toBe('false');
      expect(start.sent).toEqual(['/graphql']);
      expect(upstream.calls).toHaveLength(5);
    });
  });
});
