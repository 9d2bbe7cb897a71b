import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Pause } from '../../src/upstream/breaker.ts';
import type { BreakerName } from '../../src/upstream/breakers.ts';
import { createRedisPauses, type PauseNews } from '../../src/upstream/shared-pauses.ts';
import { useRedis } from '../support/redis-link.ts';
import { describeWithRedis } from '../support/redis-server.ts';

const NOW_MS = 4000;
const PAUSE: Pause = { openedBy: 'UPSTREAM_TOKEN_INVALID', leftMs: 1000, pauseMs: 1000 };
/** As it is told and kept: with the moment of its end, for it takes a while to be heard. */
const TOLD = { openedBy: 'UPSTREAM_TOKEN_INVALID', untilMs: 5000, pauseMs: 1000 } as const;

describeWithRedis('pauses that replicas share', () => {
  const redis = useRedis();

  function setUp() {
    const keys = redis.newKeys();
    return {
      keys,
      stored: () => redis.ask('HGETALL', keys.pauses),
      /** A replica that has this token and asks this endpoint. */
      open({ account = 'a1', endpoint = 'e1' } = {}) {
        const link = redis.newLink();
        const [heard, errors]: [unknown[], string[]] = [[], []];
        const pauses = createRedisPauses({
          ...{ link, keys, clock: () => NOW_MS },
          fieldOf: (name) => `${name}:${account}${name === 'endpoint' ? `:${endpoint}` : ''}`,
          onError: (operation, error) => errors.push(`${operation}: ${(error as Error).message}`),
        });
        pauses.listen((name, pause) => heard.push([name, pause]));
        /** Everything heard, once what is known was read anew. */
        const refreshed = () => pauses.refresh().then(() => heard);
        return { link, pauses, heard, errors, refreshed };
      },
    };
  }

  test.each<BreakerName>(['account', 'endpoint', 'quota'])(
    'a replica that starts later reads what was told of the %s, until it is taken back',
    async (name) => {
      const { open, stored } = setUp();
      const [teller, reader] = [open(), open()];
      teller.pauses.tell(name, PAUSE);
      await expect.poll(reader.refreshed).toContainEqual([name, PAUSE]);
      teller.pauses.tell(name, undefined);
      await expect.poll(stored).toEqual([]);
    },
  );

  test('the upstream’s own breaker is each replica’s, and told to nobody', async () => {
    const { open, stored } = setUp();
    const { pauses } = open();
    pauses.tell('upstream', PAUSE);
    pauses.tell('quota', PAUSE);
    await expect.poll(stored).toEqual(['quota:a1', JSON.stringify(TOLD)]);
  });

  test('what is told of another token or another endpoint is not about us', async () => {
    const { open } = setUp();
    const [teller, ours] = [open({ account: 'a2', endpoint: 'e2' }), open()];
    teller.pauses.tell('account', PAUSE);
    open({ endpoint: 'e2' }).pauses.tell('endpoint', PAUSE);
    open().pauses.tell('quota', PAUSE);
    await expect.poll(ours.refreshed).toContainEqual(['quota', PAUSE]);
    expect(new Set(ours.heard.map((each) => (each as [string])[0]))).toEqual(new Set(['quota']));
  });

  test('what is told is published to the others', async () => {
    const { keys, open } = setUp();
    const { pauses } = open();
    const published = vi.spyOn(redis.client, 'publish');
    onTestFinished(() => published.mockRestore());
    pauses.tell('account', PAUSE);
    pauses.tell('account', undefined);
    const news = (pause: typeof TOLD | null) => [keys.news, JSON.stringify(['pause', 'account:a1', pause])];
    await expect
      .poll(() => published.mock.calls.filter(([channel]) => channel === keys.news))
      .toEqual([news(TOLD), news(null)]);
  });

  test('who listens late is told what was heard before', async () => {
    const { pauses } = setUp().open();
    pauses.hear(['pause', 'account:a1', TOLD]);
    pauses.hear(['pause', 'quota:a1', TOLD]);
    pauses.hear(['pause', 'quota:a1', null]);
    const heard: unknown[] = [];
    pauses.listen((name, pause) => heard.push([name, pause]));
    expect(heard).toEqual([
      ['account', PAUSE],
      ['quota', undefined],
    ]);
  });

  test('what could not be told is said', async () => {
    const { open } = setUp();
    const { errors, link, pauses } = open();
    link.fault = 'away';
    pauses.tell('account', PAUSE);
    await expect.poll(() => errors).toEqual(['pause: Redis is away']);
    await expect(pauses.refresh()).rejects.toThrow('away');
  });

  describe('a message', () => {
    test.each<[string, PauseNews, unknown[]]>([
      ['that a breaker opened', ['pause', 'account:a1', TOLD], [['account', PAUSE]]],
      ['that it closed', ['pause', 'quota:a1', null], [['quota', undefined]]],
      ['of another account', ['pause', 'account:a2', TOLD], []],
      ['of nothing that is shared', ['pause', 'upstream:a1', TOLD], []],
      ['with an unknown code', ['pause', 'account:a1', { ...TOLD, openedBy: 'x' } as never], []],
      ['with a time as text', ['pause', 'account:a1', { ...TOLD, untilMs: '5000' } as never], []],
      ['without a pause', ['pause', 'account:a1'] as never, []],
      ['with more than is known', ['pause', 'account:a1', { ...TOLD, more: 1 } as never], [['account', PAUSE]]],
    ])('%s', (_, news, heard) => {
      const replica = setUp().open();
      replica.pauses.hear(news);
      expect(replica.heard).toEqual(heard);
    });
  });

  test.each(['', 'null', 'junk', '[]', '{}', '1'])('%j in place of a pause is nothing', async (text) => {
    const { keys, open } = setUp();
    const { heard, pauses } = open();
    await redis.ask('HSET', keys.pauses, 'account:a1', text, 'quota:a1', JSON.stringify(TOLD));
    await pauses.refresh();
    expect(heard.filter((each) => (each as [string, unknown])[1] !== undefined)).toEqual([['quota', PAUSE]]);
  });
});
