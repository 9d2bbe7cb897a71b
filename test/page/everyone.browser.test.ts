import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { expectsChromium } from '../support/chromium.ts';
import { answers, held } from '../support/scripted-upstream.ts';
import { SOON, useTestBrowser } from '../support/test-browser.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { openStartPage, type StartPage } from './start-page.ts';

const NO_RETRIES = { UPSTREAM_MAX_ATTEMPTS: '1' };
const EVERY_OUTCOME = 'sandbox-sample sandbox-not-ranked sandbox-201 sandbox-301 bad.id';
const ENGLISH = {
  lang: 'en',
  heading: 'Compare creators',
  title: 'Compare creators · kol-gateway (sandbox)',
  firstRow: ['Xingtu', '71.41'],
};
const CHINESE = {
  lang: 'zh',
  heading: '达人对比',
  title: '达人对比 · kol-gateway (sandbox)',
  firstRow: ['星图指数', '71.41'],
};
const LONG_ID = 'x'.repeat(64);

describe.skipIf(!expectsChromium())('the start page is for everyone:', () => {
  const browser = useTestBrowser();

  describe('axe-core finds no fault', () => {
    test.each(['en-GB', 'zh-CN'])('in %s', async (language) => {
      await using gateway = await startTestGateway({ env: NO_RETRIES });
      await using start = await openStartPage(browser, gateway.origin, { language });

      await start.compare(EVERY_OUTCOME);
      await start.arrived('bad.id', 'failure');
      await start.arrived('sandbox-301', 'failure');
      await start.arrived('sandbox-not-ranked', 'answer');
      expect(await faultsInBothSchemes(start)).toEqual([]);
    });

    test('in live mode: a mistake, waiting, what is stale', async () => {
      await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
      await using gateway = await startTestGateway({ upstream, env: { CACHE_FRESH_SECONDS: '60' } });
      await using start = await openStartPage(browser, gateway.origin);
      await start.compare('a');
      await start.arrived('a', 'answer');
      gateway.clock.advanceMs(61_000);

      await start.compare('a slow');
      await start.card('a').getByText('Older').waitFor();
      await start.compare('1 2 3 4 5 6');
      await start.page.getByText('Up to five ids at a time, please.').waitFor();
      const faults = await faultsInBothSchemes(start);
      upstream.release();
      expect(faults).toEqual([]);
    });

    test('in a window of 360 pixels', async () => {
      await using gateway = await startTestGateway();
      await using start = await openStartPage(browser, gateway.origin, { width: 360 });
      await start.compare('sandbox-not-ranked');
      await start.arrived('sandbox-not-ranked', 'answer');
      expect(await accessibilityFaults(start.page)).toEqual([]);
    });
  });

  test('a window of 360 pixels is wide enough, whatever is in it', async () => {
    await using gateway = await startTestGateway({ env: NO_RETRIES });
    await using start = await openStartPage(browser, gateway.origin, { width: 360 });
    await start.arrived('sandbox-sample', 'answer');
    expect(await widthOf(start)).toBe(360);

    await start.compare(`${LONG_ID} ${EVERY_OUTCOME.replace('sandbox-sample ', '')}`);
    await start.arrived(LONG_ID, 'answer');
    await start.arrived('sandbox-301', 'failure');
    expect(await widthOf(start)).toBe(360);
  });

  test('the keyboard alone reaches everything, in the order of the page, and shows where it is', async () => {
    await using gateway = await startTestGateway({ env: NO_RETRIES });
    await using start = await openStartPage(browser, gateway.origin);
    await start.arrived('sandbox-sample', 'answer');

    expect(await tabTo(start, 'KOL ids')).toEqual(['GraphiQL', 'Schema', 'Documentation', '中文', 'KOL ids']);
    await start.page.keyboard.press('ControlOrMeta+a');
    await start.page.keyboard.type('sandbox-301');
    await start.page.keyboard.press('Enter');
    await start.arrived('sandbox-301', 'failure');

    const chips = ['sandbox-sample', 'creator-7', 'sandbox-slow', 'sandbox-not-ranked', 'sandbox-201', 'sandbox-301'];
    expect(await tabTo(start, 'creator-7')).toEqual(['Compare', 'sandbox-sample', 'creator-7']);
    await start.page.keyboard.press('Space');
    expect(await start.input.inputValue()).toBe('sandbox-301 creator-7');
    expect(await tabTo(start, 'Try again')).toEqual([...chips.slice(2), 'Try again']);
    await start.page.keyboard.press('Enter');
    await expect.poll(() => start.sent.length, SOON).toBe(3);
    await start.arrived('sandbox-301', 'failure');
  });

  test.each([
    ['zh-CN', CHINESE, ENGLISH, 'English'],
    ['fr', ENGLISH, CHINESE, '中文'],
  ])('speaks to a browser in %s, and the other language at a press', async (language, first, second, button) => {
    await using gateway = await startTestGateway();
    await using start = await openStartPage(browser, gateway.origin, { language });
    await start.arrived('sandbox-sample', 'answer');
    await expect.poll(() => looksOf(start), SOON).toEqual(first);
    await start.page.getByRole('button', { name: button }).click();
    await expect.poll(() => looksOf(start), SOON).toEqual(second);
    expect(start.sent).toEqual(['/graphql']);
  });

  test.each([
    ['start-page', { colorScheme: 'light', language: 'en-GB' }, 'rgb(246, 247, 249)'],
    ['start-page-dark-zh', { colorScheme: 'dark', language: 'zh-CN' }, 'rgb(16, 20, 27)'],
  ] as const)('looks as on the picture %s', async (picture, options, background) => {
    await using gateway = await startTestGateway();
    await using start = await openStartPage(browser, gateway.origin, options);
    const ids = ['sandbox-sample', 'creator-7', 'creator-12'];
    await start.compare(ids.join(' '));
    for (const id of ids) {
      const card = await start.arrived(id, 'answer');
      await expect
        .poll(async () => (await topOf(card.locator('figcaption'))) - (await bottomOf(card.locator('canvas'))), SOON)
        .toBeGreaterThanOrEqual(0);
    }
    await start.status.getByText(/Everything has arrived|已全部返回/).waitFor();
    const { backgroundColor } = await start.page.locator('body').evaluate((body) => getComputedStyle(body));
    expect(backgroundColor).toBe(background);
    await start.saveScreenshot(picture);
  });
});

/** What axe-core finds in light colours and in dark ones. */
async function faultsInBothSchemes({ page }: StartPage): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    faults.push(...(await accessibilityFaults(page)).map((fault) => `${colorScheme}: ${fault}`));
  }
  return faults;
}

async function looksOf({ page }: StartPage) {
  const row = await page.getByRole('row').nth(1).innerText();
  return {
    lang: await page.locator('html').getAttribute('lang'),
    heading: await page.getByRole('heading', { level: 1 }).innerText(),
    title: await page.title(),
    firstRow: row.split(/\s*\t\s*/).slice(0, 2),
  };
}

/** What the page needs, in CSS pixels; more than the window has means that it scrolls sideways. */
function widthOf({ page }: StartPage): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}

async function topOf(locator: Locator): Promise<number> {
  return (await locator.boundingBox())?.y ?? Number.NaN;
}

async function bottomOf(locator: Locator): Promise<number> {
  const { y, height } = (await locator.boundingBox()) ?? { y: Number.NaN, height: 0 };
  return y + height;
}

/** Presses Tab until `name` has the focus. @returns what had it on the way, each seen to be marked */
async function tabTo({ page }: StartPage, name: string): Promise<string[]> {
  const names: string[] = [];
  while (names.at(-1) !== name && names.length < 20) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement & { readonly labels?: NodeListOf<HTMLLabelElement> };
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const text = element.labels?.[0]?.textContent ?? element.textContent;
      return { text, isMarked: outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2 };
    });
    expect(focused).toMatchObject({ isMarked: true });
    names.push(focused.text);
  }
  return names;
}
