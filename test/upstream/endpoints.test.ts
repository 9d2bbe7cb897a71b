import { describe, expect, test } from 'vitest';
import { ENDPOINT_NAMES, type EndpointName } from '../../src/domain/link-index.ts';
import type { UpstreamClient } from '../../src/upstream/client.ts';
import { createEndpointChoice, ENDPOINTS } from '../../src/upstream/endpoints.ts';
import { type Attempt, createPaidSource } from '../../src/upstream/source.ts';
import { keyOf } from '../model/held-source.ts';
import { wordOf } from '../model/paid-outcomes.ts';
import { CACHED } from '../support/requester.ts';
import { envelopeFor } from '../support/scripted-upstream.ts';
import { createTestClock } from '../support/test-clock.ts';

const OLD = ENDPOINTS['kol-link-info'];
const SUCCESSOR = ENDPOINTS['author-link-info'];

describe('the choice', () => {
  test.each(ENDPOINT_NAMES)('%s stays what it is', (name) => {
    const choice = createEndpointChoice(name);
    expect(choice.isGone(ENDPOINTS[name])).toBe(false);
    expect(choice.current().name).toBe(name);
  });

  test('auto moves to the successor once, and says so once', () => {
    let moves = 0;
    const choice = createEndpointChoice('auto', () => {
      moves += 1;
    });
    expect(choice.current()).toBe(OLD);
    expect(choice.isGone(OLD)).toBe(true);
    expect(choice.current()).toBe(SUCCESSOR);
    expect(choice.isGone(OLD), 'for a call that was under way').toBe(true);
    expect(choice.isGone(SUCCESSOR)).toBe(false);
    expect(choice.current()).toBe(SUCCESSOR);
    expect(moves).toBe(1);
  });
});

/** A source in front of a client that knows an endpoint, or says that it is gone. */
function setUp(name: EndpointName | 'auto', gone: (path: string) => { httpStatus: number; code?: number } | undefined) {
  const { nowMs } = createTestClock();
  const asked: { path: string; parameters: Readonly<Record<string, string>> }[] = [];
  const attempts: Attempt[] = [];
  const client: Pick<UpstreamClient, 'get'> = {
    async get(path, parameters) {
      asked.push({ path, parameters });
      const { httpStatus = 200, code } = gone(path) ?? {};
      const body = httpStatus === 200 && code === undefined ? envelopeFor('7') : { code };
      return { httpStatus, body: Buffer.from(JSON.stringify(body)) };
    },
  };
  const endpoints = createEndpointChoice(name);
  const source = createPaidSource({
    client: client as UpstreamClient,
    endpoints,
    clock: nowMs,
    steadyMs: nowMs,
    onAttempt: (attempt) => attempts.push(attempt),
  });
  return { asked, attempts, endpoints, read: (industryTag = '') => source.read(keyOf('7', industryTag), CACHED) };
}

const oldIs = (answer: { httpStatus: number; code?: number }) => (path: string) =>
  path === OLD.path ? answer : undefined;

describe('the move', () => {
  test.each([{ httpStatus: 404 }, { httpStatus: 410 }, { httpStatus: 200, code: 300 }, { httpStatus: 200, code: 404 }])(
    'after %j the successor is asked within the same read, and from then on',
    async (answer) => {
      const { asked, attempts, read } = setUp('auto', oldIs(answer));
      expect(wordOf(await read())).toBe('FRESH');
      expect(wordOf(await read())).toBe('FRESH');
      expect(asked.map(({ path }) => path)).toEqual([OLD.path, SUCCESSOR.path, SUCCESSOR.path]);
      expect(attempts.map(({ outcome, billed }) => `${outcome} ${billed}`)).toEqual([
        'UPSTREAM_ENDPOINT_GONE no',
        'ok yes',
        'ok yes',
      ]);
    },
  );

  test('is not made without `auto`', async () => {
    const { asked, read } = setUp('kol-link-info', oldIs({ httpStatus: 404 }));
    expect(wordOf(await read())).toBe('UPSTREAM_ENDPOINT_GONE');
    expect(asked).toHaveLength(1);
  });

  test('is not made twice: a successor that is gone too is an error', async () => {
    const { asked, read } = setUp('auto', () => ({ httpStatus: 404 }));
    expect(wordOf(await read())).toBe('UPSTREAM_ENDPOINT_GONE');
    expect(wordOf(await read())).toBe('UPSTREAM_ENDPOINT_GONE');
    expect(asked.map(({ path }) => path)).toEqual([OLD.path, SUCCESSOR.path, SUCCESSOR.path]);
  });

  test.each([{ httpStatus: 403 }, { httpStatus: 500 }, { httpStatus: 200, code: 600 }, { httpStatus: 404, code: 500 }])(
    'is not made after %j',
    async (answer) => {
      const { endpoints, read } = setUp('auto', oldIs(answer));
      await read();
      expect(endpoints.current()).toBe(OLD);
    },
  );
});

describe('industry tags', () => {
  test('the old endpoint gets any tag as it is', async () => {
    const { asked, read } = setUp('kol-link-info', () => undefined);
    await read('no-such-tag');
    expect(asked[0]?.parameters).toMatchObject({ industryTag: 'no-such-tag' });
  });

  test('the successor gets those that it lists, and no parameter for all industries', async () => {
    const { asked, read } = setUp('author-link-info', () => undefined);
    for (const tag of ['', 'ALL', 'GAMES']) expect(wordOf(await read(tag))).toBe('FRESH');
    expect(asked.map(({ parameters }) => parameters['industryTag'])).toEqual([undefined, undefined, 'GAMES']);
    expect(asked[0]?.parameters).toEqual({ oAuthorId: '7' });
  });

  test.each(['games', 'no-such-tag', 'all'])(
    'another tag is refused with the list, and nothing is asked: %s',
    async (tag) => {
      const { asked, attempts, read } = setUp('author-link-info', () => undefined);
      const outcome = await read(tag);
      expect(outcome).toMatchObject({
        error: { code: 'BAD_USER_INPUT', verdict: { billed: 'no', wasAttempted: false } },
      });
      expect(outcome.kind === 'failure' && outcome.error.message).toMatch(/ALL, .*GAMES.*SPORTS_OUTDOOR/);
      expect([asked.length, attempts.length]).toEqual([0, 0]);
    },
  );

  test('a tag that the successor does not know is refused after the move, not translated', async () => {
    const { asked, read } = setUp('auto', oldIs({ httpStatus: 410 }));
    expect(wordOf(await read('no-such-tag'))).toBe('BAD_USER_INPUT');
    expect(asked.map(({ path }) => path)).toEqual([OLD.path]);
  });
});
