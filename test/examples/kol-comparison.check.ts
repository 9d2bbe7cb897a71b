import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { expectsChromium, openTestPage, type TestPage } from '../support/chromium.ts';
import { answers, failsWith, held, starOf } from '../support/scripted-upstream.ts';
import { startTestGateway, type TestGatewayOptions } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { serveExample } from './serve-example.ts';

interface OpenExample extends AsyncDisposable, Pick<TestPage, 'page' | 'foreignRequests' | 'faults'> {
  readonly clock: { advanceMs(ms: number): void };
  /** The progress line: how many answered, and the cost. */
  readonly progress: Locator;
  row(id: string): Locator;
  /** Types the ids as a person would, and submits with the Enter key. */
  compare(ids: string): Promise<void>;
  /** Cuts what is under way between the browser and the server of the page. */
  cutConnections(): void;
  stopGateway(): Promise<void>;
}

async function openExample(options?: TestGatewayOptions): Promise<OpenExample> {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await startTestGateway(options));
  const example = stack.use(await serveExample(gateway.origin));
  const { page, foreignRequests, faults } = stack.use(await openTestPage());
  await page.goto(example.origin);
  const input = page.getByLabel('KOL ids');
  const owned = stack.move();
  return {
    page,
    foreignRequests,
    faults,
    clock: gateway.clock,
    progress: page.getByRole('status'),
    row: (id) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: id, exact: true }) }),
    async compare(ids) {
      await input.fill(ids);
      await input.press('Enter');
    },
    cutConnections: example.cutConnections,
    async stopGateway() {
      await gateway[Symbol.asyncDispose]();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function saveScreenshot({ page }: OpenExample): Promise<void> {
  const folder = process.env['SCREENSHOTS_DIR'];
  if (folder) await page.screenshot({ path: join(folder, 'example.png') });
}

describe.skipIf(!expectsChromium())('the KOL comparison', () => {
  test('shows each row as it arrives, and at the end what all of it cost', async () => {
    await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
    await using example = await openExample({ upstream });

    await example.compare('a, b slow');
    await example.row('a').getByText(starOf('a').toFixed(2)).waitFor();
    await example.row('b').getByText(starOf('b').toFixed(2)).waitFor();
    expect(await example.row('slow').getAttribute('aria-busy')).toBe('true');
    expect(await example.progress.innerText()).toMatch(/2 of 3 answered\s*cost known at the end/);

    upstream.release();
    await example.row('slow').getByText(starOf('slow').toFixed(2)).waitFor();
    await example.progress.getByText('3 calls billed').waitFor();
    expect(await example.progress.innerText()).toContain('3 of 3 answered');

    expect(upstream.calls).toHaveLength(3);
    expect(example.foreignRequests).toEqual([]);
    expect(example.faults).toEqual([]);
  });

  test('costs nothing the second time, and tells when an answer is no longer fresh', async () => {
    await using upstream = await startUpstreamByKol({});
    await using example = await openExample({ upstream, env: { CACHE_FRESH_SECONDS: '60' } });

    await example.compare('a b');
    await example.progress.getByText('2 calls billed').waitFor();
    await example.row('a').getByText('fresh', { exact: true }).waitFor();
    expect(await example.row('a').locator('time').getAttribute('datetime')).toBe('2026-01-02T03:04:05.678Z');

    await example.page.getByRole('button', { name: 'Compare' }).click();
    await example.progress.getByText('0 calls billed').waitFor();
    expect(upstream.calls).toHaveLength(2);

    example.clock.advanceMs(61_000);
    await example.page.getByRole('button', { name: 'Compare' }).click();
    await example.row('b').getByText('older, being renewed').waitFor();
  });

  test('asks again for a row that may succeed, and leaves the others alone', async () => {
    await using upstream = await startUpstreamByKol({ shaky: [failsWith(301), failsWith(301), answers] });
    await using example = await openExample({ upstream, env: { UPSTREAM_MAX_ATTEMPTS: '1' } });

    await example.compare('a shaky');
    await example.row('shaky').getByText('UPSTREAM_COLLECTION_FAILED').waitFor();
    await example.progress.getByText('1 call billed').waitFor();

    const button = example.row('shaky').getByRole('button', { name: 'Try again' });
    await button.press('Enter');
    await upstream.received(3);
    await button.press('Enter');
    await example.row('shaky').getByText(starOf('shaky').toFixed(2)).waitFor();
    await example.progress.getByText('2 calls billed').waitFor();
    expect(upstream.calls).toHaveLength(4);
  });

  test('leaves a comparison for a new one, and what it was buying is kept', async () => {
    await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
    await using example = await openExample({ upstream });

    await example.compare('slow');
    await upstream.received(1);
    await example.compare('a');
    await example.progress.getByText('1 call billed').waitFor();
    expect(await example.row('slow').count()).toBe(0);

    upstream.release();
    await example.compare('slow');
    await example.row('slow').getByText(starOf('slow').toFixed(2)).waitFor();
    expect(upstream.calls).toHaveLength(2);
    expect(example.faults).toEqual([]);
  });

  test('has words for each failure, offers another try only where that may help, and knows "no data" from both', async () => {
    await using example = await openExample();

    await example.compare('sandbox-missing-block sandbox-201 sandbox-301 sandbox-601 bad.id');
    await example.progress.getByText('2 calls billed').waitFor();

    expect(await example.row('sandbox-missing-block').innerText()).toMatch(/not given.*75\.67/s);
    expect(await example.row('sandbox-201').innerText()).toMatch(/No such data/);
    expect(await example.row('sandbox-301').innerText()).toMatch(/could not be collected.*UPSTREAM_COLLECTION_FAILED/s);
    expect(await example.row('sandbox-601').innerText()).toMatch(/account is empty.*UPSTREAM_BALANCE_INSUFFICIENT/s);
    expect(await example.row('bad.id').innerText()).toMatch(/Bad KOL id.*BAD_USER_INPUT/s);
    const buttons = example.page.getByRole('button', { name: 'Try again' });
    expect(await buttons.count()).toBe(1);
    expect(await example.row('sandbox-301').getByRole('button').count()).toBe(1);
    expect(example.faults).toEqual([]);
  });

  test("shows the gateway's own states: older scores by their badge, refusals in words and to be tried again", async () => {
    await using example = await openExample();

    await example.compare('sandbox-stale sandbox-stale-failed sandbox-paused sandbox-overloaded sandbox-budget');
    await example.progress.getByText('5 of 5 answered').waitFor();

    expect(await example.row('sandbox-stale').innerText()).toContain('older, being renewed');
    expect(await example.row('sandbox-stale-failed').innerText()).toContain('older, not renewable now');
    expect(await example.row('sandbox-paused').innerText()).toMatch(/Calls are paused.*UPSTREAM_PAUSED/s);
    expect(await example.row('sandbox-overloaded').innerText()).toMatch(/Too many calls.*UPSTREAM_OVERLOADED/s);
    expect(await example.row('sandbox-budget').innerText()).toMatch(/budget of the day is spent.*BUDGET_EXHAUSTED/s);
    expect(await example.page.getByRole('button', { name: 'Try again' }).count()).toBe(3);
    expect(example.faults).toEqual([]);
  });

  test('shows the rest at once while a sandbox KOL takes its five seconds', async () => {
    await using example = await openExample();
    await example.page.getByLabel('KOL ids').fill('6838473823498305548');
    for (const id of ['sandbox-sample', 'sandbox-slow', 'sandbox-301', 'sandbox-201']) {
      await example.page.getByRole('button', { name: id }).press('Space');
    }
    await example.page.getByRole('button', { name: 'Compare' }).press('Enter');

    await example.progress.getByText('4 of 5 answered').waitFor();
    await example.row('sandbox-sample').getByText('71.41').waitFor();
    expect(await example.row('sandbox-slow').getAttribute('aria-busy')).toBe('true');
    await saveScreenshot(example);
    await example.progress.getByText('5 of 5 answered').waitFor();
  });

  test('asks nothing while there are no ids or too many, and says so at the field', async () => {
    await using upstream = await startUpstreamByKol({});
    await using example = await openExample({ upstream });
    const input = example.page.getByLabel('KOL ids');

    await example.compare(' ');
    await example.page.getByRole('alert').getByText('at least one').waitFor();
    await example.compare('a b c d e f');
    await example.page.getByRole('alert').getByText('at most 5 ids; these are 6').waitFor();
    expect(await input.getAttribute('aria-invalid')).toBe('true');
    expect(await input.evaluate((element) => element === document.activeElement)).toBe(true);

    await example.compare('a a');
    await example.progress.getByText('1 of 1 answered').waitFor();
    expect(upstream.calls).toHaveLength(1);
  });

  test('keeps what has arrived when the connection breaks, and fails only the rest', async () => {
    await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
    await using example = await openExample({ upstream });

    await example.compare('a slow');
    await example.row('a').getByText(starOf('a').toFixed(2)).waitFor();
    example.cutConnections();
    await example.row('slow').getByText('NO_CONNECTION').waitFor();
    expect(await example.row('a').innerText()).toContain(starOf('a').toFixed(2));
    await example.progress.getByText('cost not reported').waitFor();

    upstream.release();
    await example.row('slow').getByRole('button', { name: 'Try again' }).click();
    await example.row('slow').getByText(starOf('slow').toFixed(2)).waitFor();
    expect(upstream.calls).toHaveLength(2);
  });

  test('a gateway that is away is a failure of each row, to try again', async () => {
    await using example = await openExample();
    await example.stopGateway();

    await example.compare('a');
    await example.row('a').getByText('NO_CONNECTION').waitFor();
    await example.row('a').getByRole('button', { name: 'Try again' }).waitFor();
    await example.progress.getByText('cost not reported').waitFor();
  });
});
