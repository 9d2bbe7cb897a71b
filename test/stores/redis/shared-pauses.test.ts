import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRedisPauses, type PauseUpdate } from '../../../src/stores/redis/pauses.ts';
import type { Pause } from '../../../src/upstream/policies/breaker.ts';
import type { BreakerName } from '../../../src/upstream/policies/breakers.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';

const PAUSE: Pause = { openedBy: 'UPSTREAM_TOKEN_INVALID', leftMs: 600_000, pauseMs: 600_000 };
/** As it is kept behind the moment of its end. */
const KEPT = JSON.stringify({ openedBy: PAUSE.openedBy, pauseMs: PAUSE.pauseMs });
/** Far beyond what a message takes, in milliseconds. */
const UNDER_WAY_MS = 30_000;

/** What is left of it when it is heard, by the clock of the server. */
const pauseLeft = (leftMs = PAUSE.leftMs) => ({
  ...PAUSE,
  leftMs: expect.toSatisfy((left: number) => left <= leftMs && left > leftMs - UNDER_WAY_MS),
});

describeWithRedis('pauses that replicas share', () => {
  const redis = useRedis();

  function setUp() {
    const keys = redis.newKeys();
    return {
      keys,
      stored: () => redis.ask('HGETALL', keys.pauses),
      /** A replica that has this token and asks this endpoint. */
      open({ account = 'a1', endpoint = 'e1' } = {}) {
        let nowMs = 4000;
        const link = redis.newLink();
        const [heard, errors]: [unknown[], string[]] = [[], []];
        const pauses = createRedisPauses({
          ...{ link, keys, steadyMs: () => nowMs },
          fieldOf: (name) => `${name}:${account}${name === 'endpoint' ? `:${endpoint}` : ''}`,
          onError: (operation, error) => errors.push(`${operation}: ${(error as Error).message}`),
        });
        pauses.listen((name, pause) => heard.push([name, pause]));
        /** Everything heard, once what is known was read anew. */
        const refreshed = () => pauses.refresh().then(() => heard);
        const advanceMs = (ms: number) => {
          nowMs += ms;
        };
        return { link, pauses, heard, errors, refreshed, advanceMs };
      },
    };
  }

  test.each<BreakerName>(['account', 'endpoint', 'quota'])(
    'a replica that starts later reads what was told of the %s, until it is taken back',
    async (name) => {
      const { open, stored } = setUp();
      const [teller, reader] = [open(), open()];
      teller.pauses.tell(name, PAUSE);
      await expect.poll(reader.refreshed).toContainEqual([name, pauseLeft()]);
      teller.pauses.tell(name, undefined);
      await expect.poll(stored).toEqual([]);
    },
  );

  test('the upstream’s own breaker is each replica’s, and told to nobody', async () => {
    const { open, stored } = setUp();
    const { pauses } = open();
    pauses.tell('upstream', PAUSE);
    pauses.tell('quota', PAUSE);
    await expect.poll(stored).toEqual(['quota:a1', expect.stringMatching(/^\d{13} \{/)]);
    const [, kept] = (await stored()) as string[];
    expect(kept?.slice(14)).toBe(KEPT);
  });

  test('what is told of another token or another endpoint is not about us', async () => {
    const { open } = setUp();
    const [teller, ours] = [open({ account: 'a2', endpoint: 'e2' }), open()];
    teller.pauses.tell('account', PAUSE);
    open({ endpoint: 'e2' }).pauses.tell('endpoint', PAUSE);
    open().pauses.tell('quota', PAUSE);
    await expect.poll(ours.refreshed).toContainEqual(['quota', pauseLeft()]);
    expect(new Set(ours.heard.map((each) => (each as [string])[0]))).toEqual(new Set(['quota']));
  });

  test('what is told is published to the others', async () => {
    const { keys, open } = setUp();
    const { pauses } = open();
    const listening = (redis.client as Redis).duplicate();
    onTestFinished(() => listening.disconnect());
    await once(listening, 'ready');
    await listening.subscribe(keys.updates);
    const published: unknown[] = [];
    listening.on('message', (_channel, message) => published.push(JSON.parse(message)));
    pauses.tell('account', PAUSE);
    pauses.tell('account', undefined);
    await expect
      .poll(() => published)
      .toEqual([
        ['pause', 'account:a1', PAUSE],
        ['pause', 'account:a1', null],
      ]);
  });

  test('a pause ends by the clock of the server, whatever the time is here', async () => {
    const { keys, open } = setUp();
    const [seconds] = (await redis.ask('TIME')) as [string];
    await redis.ask('HSET', keys.pauses, 'quota:a1', `${(Number(seconds) + 100) * 1000} ${KEPT}`);
    const { refreshed } = open();
    expect(await refreshed()).toEqual([['quota', pauseLeft(100_000)]]);
  });

  test('who listens late is told what was heard before', async () => {
    const { pauses, advanceMs } = setUp().open();
    pauses.onMessage(['pause', 'account:a1', PAUSE]);
    pauses.onMessage(['pause', 'quota:a1', PAUSE]);
    pauses.onMessage(['pause', 'quota:a1', null]);
    advanceMs(1000);
    const heard: unknown[] = [];
    pauses.listen((name, pause) => heard.push([name, pause]));
    expect(heard).toEqual([
      ['account', { ...PAUSE, leftMs: PAUSE.leftMs - 1000 }],
      ['quota', undefined],
    ]);
  });

  test('what could not be told is said', async () => {
    const { open } = setUp();
    const { errors, link, pauses } = open();
    link.fault = 'away';
    pauses.tell('account', PAUSE);
    await expect.poll(() => errors).toEqual(['pause: Redis is unavailable']);
    await expect(pauses.refresh()).rejects.toThrow('unavailable');
  });

  describe('a message', () => {
    test.each<[string, PauseUpdate, unknown[]]>([
      ['that a breaker opened', ['pause', 'account:a1', PAUSE], [['account', PAUSE]]],
      ['that it closed', ['pause', 'quota:a1', null], [['quota', undefined]]],
      ['of another account', ['pause', 'account:a2', PAUSE], []],
      ['of nothing that is shared', ['pause', 'upstream:a1', PAUSE], []],
      ['with an unknown code', ['pause', 'account:a1', { ...PAUSE, openedBy: 'x' } as never], []],
      ['with a time as text', ['pause', 'account:a1', { ...PAUSE, leftMs: '5000' } as never], []],
      ['without a pause', ['pause', 'account:a1'] as never, []],
      ['with more than is known', ['pause', 'account:a1', { ...PAUSE, more: 1 } as never], [['account', PAUSE]]],
    ])('%s', (_, update, heard) => {
      const replica = setUp().open();
      replica.pauses.onMessage(update);
      expect(replica.heard).toEqual(heard);
    });
  });

  test.each(['', 'null', 'junk', '[]', '{}', '1', '1 {}', `x ${KEPT}`, JSON.stringify({ ...PAUSE, untilMs: 1 })])(
    '%j in place of a pause is nothing',
    async (text) => {
      const { keys, open } = setUp();
      open().pauses.tell('quota', PAUSE);
      await expect.poll(() => redis.ask('HLEN', keys.pauses)).toBe(1);
      await redis.ask('HSET', keys.pauses, 'account:a1', text);
      expect(await open().refreshed()).toEqual([['quota', pauseLeft()]]);
    },
  );
});
