import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import type { Tab, TabOptions, TestBrowser } from '../support/test-browser.ts';

/** The start page as a person uses it. */
export interface StartPage extends Tab {
  /** The line that tells how many have arrived and what it cost. */
  readonly status: Locator;
  readonly input: Locator;
  card(id: string): Locator;
  /** Types ids and presses Enter. */
  compare(ids: string): Promise<void>;
  /** Waits until the card has its answer: pending, answer, no-data or failure. */
  arrived(id: string, kind: 'answer' | 'no-data' | 'failure'): Promise<Locator>;
  saveScreenshot(name: string): Promise<void>;
}

/** The gateway serves what was built; without it the tests would look at another page. */
export function requireBuiltPage(): void {
  if (!existsSync(join(import.meta.dirname, '../../dist/page/index.html'))) {
    throw new Error('expected dist/page/index.html, found none: build it with "npm run build:page"');
  }
}

export async function openStartPage(browser: TestBrowser, origin: string, options?: TabOptions): Promise<StartPage> {
  requireBuiltPage();
  const tab = await browser.open(origin, options);
  const { page } = tab;
  const input = page.getByRole('textbox', { name: /^(KOL ids|达人 ID)/ });
  const card = (id: string) => page.getByRole('article', { name: id, exact: true });
  return {
    ...tab,
    status: page.getByRole('status'),
    input,
    card,
    async compare(ids) {
      await input.fill(ids);
      await input.press('Enter');
    },
    async arrived(id, kind) {
      await card(id)
        .and(page.locator(`[data-kind="${kind}"]`))
        .waitFor();
      return card(id);
    },
    async saveScreenshot(name) {
      const folder = process.env['SCREENSHOTS_DIR'];
      if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
    },
    [Symbol.asyncDispose]: tab[Symbol.asyncDispose],
  };
}
