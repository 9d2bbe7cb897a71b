import { existsSync } from 'node:fs';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const USUAL_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** In CSS pixels. */
export const WINDOW = { width: 1280, height: 800 };
const LOOPBACK = /^(127(\.\d+){3}|localhost|\[::1\])$/;

/** A page in a fresh profile, which reaches this machine only. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** URLs on other hosts that were asked for; each was blocked. */
  readonly foreignRequests: readonly string[];
  /** Console errors and uncaught exceptions of the page. */
  readonly faults: readonly string[];
}

/** `CHROMIUM_PATH`, which then is the only one, or where the distributions put it. */
function findChromium(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  return (given ? [given] : USUAL_PATHS).find((path) => existsSync(path));
}

/** Whether tests in a browser are to run. Under CI they always are: a check that skips itself proves nothing there. */
export function expectsChromium(): boolean {
  if (findChromium() !== undefined || process.env['CI'] === 'true') return true;
  process.stderr.write('SKIPPED: the browser tests, for want of a Chromium. Install one, or set CHROMIUM_PATH.\n');
  return false;
}

export async function openTestPage(): Promise<TestPage> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error(`expected a Chromium in CHROMIUM_PATH or at ${USUAL_PATHS.join(', ')}, found none`);
  }
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const context = await browser.newContext({ viewport: WINDOW, serviceWorkers: 'block' });
  const foreignRequests = await blockForeignRequests(context);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('console', (line) => line.type() === 'error' && faults.push(`console: ${line.text()}`));
  return { page, foreignRequests, faults, [Symbol.asyncDispose]: () => browser.close() };
}

async function blockForeignRequests(context: BrowserContext): Promise<readonly string[]> {
  const blocked: string[] = [];
  const isForeign = (url: URL) => /^(https?|wss?):$/.test(url.protocol) && !LOOPBACK.test(url.hostname);
  await context.route(isForeign, (route) => {
    blocked.push(route.request().url());
    return route.abort();
  });
  await context.routeWebSocket(isForeign, (socket) => {
    blocked.push(socket.url());
    return socket.close();
  });
  return blocked;
}
