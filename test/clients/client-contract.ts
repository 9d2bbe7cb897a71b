import { describe, expect, test } from 'vitest';
import { expectsChromium } from '../support/chromium.ts';
import { answers, failsWith, held, starOf } from '../support/scripted-upstream.ts';
import { SOON } from '../support/test-browser.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { useClientPage } from './client-page.ts';
import type { ClientStep } from './client-step.ts';

const DEFERRED = 'query ($ids: [ID!]!) { kols(ids: $ids) { id ... @defer { linkIndex { star { value } } } } }';
const STREAMED = 'query ($ids: [ID!]!) { kols(ids: $ids) @stream { id linkIndex { star { value } } } }';
const STREAMED_AND_DEFERRED =
  'query ($ids: [ID!]!) { kols(ids: $ids) @stream { id ... @defer { linkIndex { star { value } } } } }';

interface ClientRow {
  readonly id: string;
  readonly linkIndex?: { readonly star: { readonly value: number } } | null;
}

export interface ClientOptions {
  /** The script that runs the client. */
  readonly entry: URL;
  /** What its answers come as. */
  readonly mediaType: 'multipart/mixed' | 'text/event-stream';
  /** Sent in place of the client's own `Accept` header. */
  readonly accept?: string;
}

/** What a GraphQL client in a browser gets from the gateway, across origins: rows as they come, and errors by code. */
export function describeClient(name: string, { entry, mediaType, accept }: ClientOptions): void {
  describe.skipIf(!expectsChromium())(`${name}, on a page of another origin`, () => {
    const client = useClientPage(entry);
    const env = () => ({ CORS_ORIGINS: client.origin, UPSTREAM_MAX_ATTEMPTS: '1' });
    const requestTo = (origin: string, query: string, ids: string[]) => ({
      uri: `${origin}/graphql`,
      query,
      ids,
      accept,
    });

    test('shows deferred scores as they come, with the code of each failure, and the slow ones last', async () => {
      await using upstream = await startUpstreamByKol({ slow: [held(answers)], failing: [failsWith(301)] });
      await using gateway = await startTestGateway({ upstream, env: env() });
      await using tab = await client.open();

      await tab.ask(requestTo(gateway.origin, DEFERRED, ['slow', 'a', 'failing', 'bad.id']));
      await expect
        .poll(() => outcomesIn(tab.steps.at(-1)), SOON)
        .toEqual(['pending', starOf('a'), null, 'no such row']);
      expect(tab.steps.at(-1)).toMatchObject({ isLast: false });
      expect(tab.steps.at(-1)?.codes.toSorted()).toEqual(['BAD_USER_INPUT', 'UPSTREAM_COLLECTION_FAILED']);
      expect(outcomesIn(tab.steps[0])).toEqual(['pending', 'pending', 'pending', 'no such row']);

      upstream.release();
      await expect.poll(() => tab.steps.at(-1)?.isLast, SOON).toBe(true);
      expect(outcomesIn(tab.steps.at(-1))).toEqual([starOf('slow'), starOf('a'), null, 'no such row']);
      expect(tab.steps.at(-1)?.codes.toSorted()).toEqual(['BAD_USER_INPUT', 'UPSTREAM_COLLECTION_FAILED']);
      expect(tab.mediaTypes).toEqual([mediaType]);
      expect(upstream.calls).toHaveLength(3);
    });

    test('shows streamed rows whole and in the order of the list', async () => {
      await using upstream = await startUpstreamByKol({ slow: [held(answers)], failing: [failsWith(301)] });
      await using gateway = await startTestGateway({ upstream, env: env() });
      await using tab = await client.open();
      const whole = [starOf('a'), null, starOf('slow'), starOf('b')];

      await tab.ask(requestTo(gateway.origin, STREAMED, ['a', 'failing', 'slow', 'b']));
      await expect.poll(() => outcomesIn(tab.steps.at(-1)), SOON).toEqual(whole.slice(0, 2));
      await upstream.received(4);
      upstream.release();
      await expect.poll(() => tab.steps.at(-1)?.isLast, SOON).toBe(true);

      for (const step of tab.steps) expect(outcomesIn(step)).toEqual(whole.slice(0, outcomesIn(step).length));
      expect(outcomesIn(tab.steps.at(-1))).toEqual(whole);
      expect(tab.steps.at(-1)?.codes).toEqual(['UPSTREAM_COLLECTION_FAILED']);
      expect(tab.mediaTypes).toEqual([mediaType]);
      expect(upstream.calls).toHaveLength(4);
    });

    test('shows streamed rows with deferred scores', async () => {
      await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
      await using gateway = await startTestGateway({ upstream, env: env() });
      await using tab = await client.open();

      await tab.ask(requestTo(gateway.origin, STREAMED_AND_DEFERRED, ['slow', 'a']));
      await expect.poll(() => outcomesIn(tab.steps.at(-1)), SOON).toEqual(['pending', starOf('a')]);
      upstream.release();
      await expect.poll(() => tab.steps.at(-1)?.isLast, SOON).toBe(true);
      expect(outcomesIn(tab.steps.at(-1))).toEqual([starOf('slow'), starOf('a')]);
      expect(upstream.calls).toHaveLength(2);
    });

    test('gets nothing, and buys nothing, where its origin is not named', async () => {
      await using upstream = await startUpstreamByKol({});
      await using gateway = await startTestGateway({ upstream });
      await using tab = await client.open();

      await tab.ask(requestTo(gateway.origin, DEFERRED, ['a']));
      await expect.poll(() => tab.steps.at(-1)?.codes, SOON).toEqual(['NETWORK']);
      await tab.fault(/blocked by CORS policy/);
      await tab.fault(/ERR_FAILED/);
      expect(upstream.calls).toHaveLength(0);
    });
  });
}

/** What each row holds so far: its star, null for a failure, or why there is nothing. */
function outcomesIn(step: ClientStep | undefined): unknown[] {
  const { kols = [] } = (step?.data ?? {}) as { readonly kols?: readonly (ClientRow | null)[] };
  return kols.map((row) => {
    if (row === null) return 'no such row';
    return row.linkIndex === undefined ? 'pending' : (row.linkIndex?.star.value ?? null);
  });
}
