import { describe, expect, test } from 'vitest';
import { cacheKeyOf } from '../../src/cache/cache-key.ts';
import { type KeptAnswer, outcomeOf } from '../../src/cache/kept-answer.ts';
import { ENDPOINTS } from '../../src/upstream/endpoints.ts';
import type { ToWorker } from '../../src/workers/messages.ts';
import { createServedReads } from '../../src/workers/served-reads.ts';
import { SECOND_WINDOW_MS, THIRD_WINDOW_MS } from '../model/cache-line.ts';
import { keyOf, settled } from '../model/held-source.ts';
import { answerAt, createImpatient, errorOf } from '../model/paid-outcomes.ts';
import { createWorkerLine } from './worker-line.ts';

const KEY = keyOf('7');

describe('workers before one owner', () => {
  test('share one call, and each is told whether it led it', async () => {
    const line = createWorkerLine();
    const readers = [line.at(0).read(KEY), line.at(1).read(KEY)];
    await line.carryAll();
    expect(line.source.calls).toHaveLength(1);
    await line.endLast(0);
    await line.carryAll();
    expect(readers.map(({ seen, isLed }) => [seen?.kind, isLed])).toEqual([
      ['answer', true],
      ['answer', false],
    ]);
  });

  test('serve what is fresh from their own memory, and ask for nothing', async () => {
    const line = createWorkerLine();
    const first = line.at(0).read(KEY);
    await line.carryAll();
    await line.endLast(0);
    await line.carryAll();
    const again = line.at(0).read(KEY);
    expect(line.at(0).toOwner.underWay).toEqual([]);
    await line.carryAll();
    expect(again.seen).toEqual(first.seen);
    expect(line.source.calls).toHaveLength(1);
  });

  test('keep what is read all the time, however much else comes', async () => {
    const line = createWorkerLine();
    for (const key of [KEY, ...Array.from({ length: 150 }, (_, index) => keyOf(`other-${index}`))]) {
      await line.buy(key);
      line.at(0).read(key);
      await line.carryAll();
      expect(line.at(0).remote.peek(KEY)?.kind).toBe('answer');
    }
    expect(line.at(0).remote.peek(keyOf('other-0'))).toBeUndefined();
  });

  test('are told that there is no data, and remember it', async () => {
    const line = createWorkerLine();
    const reader = line.at(0).read(KEY);
    await line.carryAll();
    await line.endLast(201);
    await line.carryAll();
    expect(reader.word()).toBe('no-data');
    expect(line.at(0).remote.peek(KEY)?.kind).toBe('no-data');
  });

  test('leave what is stale to the owner: it is served at once and refreshed once, and the refresh is news to all', async () => {
    const line = createWorkerLine();
    await line.buy(KEY);
    const warm = [line.at(0).read(KEY), line.at(1).read(KEY)];
    await line.carryAll();
    expect(warm.map((reader) => reader.word())).toEqual(['FRESH', 'FRESH']);
    line.clock.advanceMs(SECOND_WINDOW_MS);
    const stale = [line.at(0).read(KEY), line.at(1).read(KEY)];
    await line.carryAll();
    expect(stale.map((reader) => reader.word())).toEqual(['STALE_REVALIDATING', 'STALE_REVALIDATING']);
    expect(line.source.calls).toHaveLength(2);
    await line.endLast(0);
    await line.carryAll();
    for (const worker of line.workers) expect(worker.remote.peek(KEY)).toMatchObject({ freshness: 'FRESH' });
  });

  test('see what another one has bought by force', async () => {
    const line = createWorkerLine();
    await line.buy(KEY);
    line.at(1).read(KEY);
    await line.carryAll();
    line.clock.advanceMs(1);
    line.at(0).read(KEY, false);
    await line.carryAll();
    await line.endLast(0);
    await line.carryAll();
    expect(line.at(1).remote.peek(KEY)).toEqual(outcomeOf(line.memory.get(KEY.kolId)?.answer as KeptAnswer));
    expect(line.source.calls).toHaveLength(2);
  });

  test('keep no older answer that arrives after the news of a newer one, be it of the same millisecond', async () => {
    const line = createWorkerLine();
    await line.buy(KEY);
    const { toOwner, toWorker, read, remote } = line.at(0);
    read(KEY);
    await toOwner.carryOne();
    const older = toWorker.underWay.splice(0).pop();
    line.at(1).read(KEY, false);
    await line.at(1).toOwner.carryOne();
    await line.endLast(0);
    toWorker.underWay.push(older as string);
    await line.carryAll();
    expect(remote.peek(KEY)).toEqual(outcomeOf(line.memory.get(KEY.kolId)?.answer as KeptAnswer));
    expect(remote.peek(KEY)).toMatchObject({ scores: { star: { value: 1 } } });
  });

  test('remember nothing of news that nobody has asked them for', async () => {
    const line = createWorkerLine();
    line.at(0).read(KEY);
    await line.carryAll();
    await line.endLast(0);
    await line.carryAll();
    expect(line.at(1).memory.peek(KEY.kolId)).toBeUndefined();
  });
});

describe('a request whose wait is over', () => {
  test('is told that the purchase goes on, and finds it later', async () => {
    const line = createWorkerLine();
    const reader = line.at(0).read(KEY);
    await line.carryAll();
    reader.leave();
    await line.carryAll();
    expect(reader.word()).toBe('UPSTREAM_PENDING');
    await line.endLast(0);
    await line.carryAll();
    const later = line.at(0).read(KEY);
    await line.carryAll();
    expect([later.word(), later.isLed]).toEqual(['FRESH', undefined]);
    expect(line.source.calls).toHaveLength(1);
  });

  test('gets the third-window answer that the owner has', async () => {
    const line = createWorkerLine();
    await line.buy(KEY, THIRD_WINDOW_MS);
    const reader = line.at(0).read(KEY);
    await line.carryAll();
    expect(reader.word()).toBe('nothing');
    reader.leave();
    await line.carryAll();
    expect(reader.word()).toBe('STALE_REVALIDATING');
  });

  test('waits a second for the last word of an owner that stands still, whose late answer is kept', async () => {
    const line = createWorkerLine();
    await line.buy(KEY);
    const reader = line.at(0).read(KEY);
    reader.leave();
    await line.at(1).toOwner.carryOne();
    line.clock.advanceMs(999);
    await line.at(1).toOwner.carryOne();
    expect(reader.word()).toBe('nothing');
    line.clock.advanceMs(1);
    await line.at(1).toOwner.carryOne();
    expect(reader.word()).toBe('UPSTREAM_PENDING');
    await line.carryAll();
    expect(reader.word()).toBe('UPSTREAM_PENDING');
    expect(line.at(0).remote.peek(KEY)?.kind).toBe('answer');
  });

  test('leaves once, for all that it reads', async () => {
    const line = createWorkerLine();
    const impatient = createImpatient();
    const readers = ['1', '2', '3'].map((id) => line.at(0).read(keyOf(id), true, impatient));
    await line.carryAll();
    impatient.leave();
    await line.at(1).toOwner.carryOne();
    expect(line.at(0).toOwner.underWay).toHaveLength(1);
    await line.carryAll();
    expect(readers.map((reader) => reader.word())).toEqual(Array(3).fill('UPSTREAM_PENDING'));
  });
});

describe('the owner', () => {
  test('reads for all keys of a request in one name, and for each request in its own', async () => {
    const line = createWorkerLine();
    const impatient = createImpatient();
    line.at(0).read(keyOf('1'), true, impatient);
    line.at(0).read(keyOf('2'), true, impatient);
    line.at(0).read(keyOf('3'));
    line.at(1).read(keyOf('4'));
    await line.carryAll();
    const names = line.source.calls.map(({ options }) => options.requester);
    expect(new Set(names).size).toBe(3);
    expect(names.filter((name) => name === names[0])).toHaveLength(2);
  });

  test('tells a request each call that it led and that was billed, once', async () => {
    const line = createWorkerLine();
    const impatient = createImpatient();
    for (const id of ['1', '2']) line.at(0).read(keyOf(id), true, impatient);
    await line.carryAll();
    for (const [index, { options }] of line.source.calls.entries()) {
      options.requester.billedCalls += 1;
      await line.source.end(index, 0);
      await line.carryAll();
      expect(impatient.requester.billedCalls).toBe(index + 1);
    }
  });

  test('buys nothing for who may not buy', async () => {
    const line = createWorkerLine();
    const impatient = createImpatient();
    Object.assign(impatient.requester, { mayBuy: false });
    const reader = line.at(0).read(KEY, true, impatient);
    await line.carryAll();
    expect(reader.word()).toBe('WOULD_BUY');
    expect(line.source.calls).toHaveLength(0);
  });

  test('buys on behalf of the client that asks, with its limit', async () => {
    const line = createWorkerLine();
    const impatient = createImpatient();
    const payer = { name: 'team', billedPerDay: 7, scopes: new Set(['ops']) };
    Object.assign(impatient.requester, { payer });
    line.at(0).read(KEY, true, impatient);
    await line.carryAll();
    expect(line.source.calls[0]?.options.requester.payer).toEqual({ name: 'team', billedPerDay: 7 });
  });

  test('says why it refuses, in every word', async () => {
    const line = createWorkerLine();
    const error = errorOf(303, { reason: 'as a test wants it', retryAfterSeconds: 9, pausedBy: 'UPSTREAM_PENDING' });
    await line.buy(KEY, SECOND_WINDOW_MS);
    line.refuse(error);
    const stale = line.at(0).read(KEY);
    await line.carryAll();
    expect(stale.word()).toBe('STALE_UPSTREAM_FAILED');
    const bought = line.at(0).read(keyOf('8'));
    await line.carryAll();
    await line.endLast(303, { reason: 'as a test wants it', retryAfterSeconds: 9, pausedBy: 'UPSTREAM_PENDING' });
    await line.carryAll();
    expect(bought.seen).toMatchObject({ kind: 'failure', error: { ...error, message: error.message } });
  });

  test('names a tagged answer by the endpoint that gave it, whatever is asked now', async () => {
    const posted: ToWorker[] = [];
    const served = createServedReads({
      cache: {
        peek: () => undefined,
        read: async () => ({ ...answerAt(1), endpoint: 'kol-link-info' }),
      },
      keyOf: (key, endpoint = 'author-link-info') => cacheKeyOf(key, ENDPOINTS[endpoint]),
      post: (message) => posted.push(message),
    });
    served.read({ kind: 'read', id: 1, requester: 1, key: keyOf('7', 'beauty'), acceptCache: true, mayBuy: true });
    await settled();
    expect(posted).toMatchObject([{ kind: 'outcome', cacheKey: '7\nkol-link-info\nbeauty' }]);
  });

  test('tells a fault of ours to who met it', async () => {
    const line = createWorkerLine();
    line.memory.remember = () => {
      throw new Error('as a test wants it');
    };
    const reader = line.at(0).read(KEY);
    await line.carryAll();
    await line.endLast(0);
    await line.carryAll();
    expect(reader.fault).toMatchObject({ message: 'as a test wants it' });
  });

  test('lets everybody go whose worker is gone, and buys on', async () => {
    const line = createWorkerLine();
    line.at(0).read(KEY);
    await line.carryAll();
    line.at(0).served.leaveAll();
    await line.carryAll();
    await line.endLast(0);
    expect(line.memory.peek(KEY.kolId)).toBeDefined();
  });
});
