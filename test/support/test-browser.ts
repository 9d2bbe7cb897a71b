import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { openTestPage, type TestPage, WINDOW } from './chromium.ts';

/** How long to wait for what comes by itself: shorter than the test's own time, so that it fails with what it waited for. */
export const SOON = { timeout: 60_000 };

export interface TabOptions {
  /** What the browser prefers, as in `navigator.language`. */
  readonly language?: string;
  readonly colorScheme?: 'light' | 'dark';
  /** Of the window, in CSS pixels. */
  readonly width?: number;
}

export interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** Paths that the page has sent something to by its script. */
  readonly sent: readonly string[];
  /** Waits for a fault that the test provokes, and takes it off the list of those that fail it. */
  fault(expected: RegExp): Promise<void>;
}

export interface TestBrowser {
  open(url: string, options?: TabOptions): Promise<Tab>;
}

/** One browser for the tests of a file or a `describe`; each fails when its page has a fault or asks another host. */
export function useTestBrowser(): TestBrowser {
  let browser: TestPage;
  const faultsOfTest: string[] = [];

  beforeAll(async () => {
    browser = await openTestPage();
  });
  afterEach(() => {
    expect(browser.foreignRequests).toEqual([]);
    expect(faultsOfTest.splice(0)).toEqual([]);
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  return {
    async open(url, { language = 'en-GB', colorScheme = 'light', width = WINDOW.width } = {}) {
      const page = await browser.page.context().newPage();
      page.setDefaultTimeout(SOON.timeout);
      const sent: string[] = [];
      page.on('pageerror', (error) => faultsOfTest.push(`uncaught: ${error.message}`));
      page.on('console', (line) => line.type() === 'error' && faultsOfTest.push(`console: ${line.text()}`));
      page.on('request', (request) => {
        if (request.resourceType() === 'fetch') sent.push(new URL(request.url()).pathname);
      });
      const session = await page.context().newCDPSession(page);
      const { userAgent } = await session.send('Browser.getVersion');
      await session.send('Emulation.setUserAgentOverride', { userAgent, acceptLanguage: language });
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ ...WINDOW, width });
      await page.goto(url);
      return {
        page,
        sent,
        async fault(expected) {
          const found = await vi.waitUntil(() => faultsOfTest.find((text) => expected.test(text)), SOON);
          faultsOfTest.splice(faultsOfTest.indexOf(found), 1);
        },
        [Symbol.asyncDispose]: () => page.close(),
      };
    },
  };
}
