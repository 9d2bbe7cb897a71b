import { describe, expect, test } from 'vitest';
import type { AnswerStore, StoredOutcome } from '../../src/cache/write-behind.ts';
import { createWriteBehindStore } from '../../src/cache/write-behind.ts';
import { STORE_PATIENCE_MS } from '../../src/domain/time.ts';
import { answerOf, failureOf } from '../support/answer-store-contract.ts';
import { createTestClock } from '../support/test-clock.ts';

const RESAVE_MS = 1000;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A store whose every answer is up to the test. */
function scriptedStore() {
  const gets: { readonly keys: readonly string[]; readonly reply: PromiseWithResolvers<readonly StoredOutcome[]> }[] =
    [];
  const puts: { readonly stored: StoredOutcome; readonly reply: PromiseWithResolvers<void> }[] = [];
  const store: AnswerStore = {
    getMany(keys) {
      const reply = Promise.withResolvers<readonly StoredOutcome[]>();
      gets.push({ keys, reply });
      return reply.promise;
    },
    put(stored) {
      const reply = Promise.withResolvers<void>();
      puts.push({ stored, reply });
      return reply.promise;
    },
  };
  return { store, gets, puts };
}

function createSubject(maxUnsaved = 100) {
  const { store, gets, puts } = scriptedStore();
  const clock = createTestClock();
  const errors: string[] = [];
  const onError = (operation: string, error: unknown) => errors.push(`${operation}: ${(error as Error).message}`);
  const patient = createWriteBehindStore({ store, timers: clock.timers, maxUnsaved, onError });

  /** Answers the puts that are open, and waits for what comes of it. */
  async function replyToPuts(reply: 'taken' | Error): Promise<void> {
    for (const put of puts) {
      if (reply === 'taken') put.reply.resolve();
      else put.reply.reject(reply);
    }
    await settled();
  }
  return { patient, clock, errors, gets, puts, replyToPuts };
}

const FULL = new Error('database or disk is full');

describe('reading', () => {
  test('the reads of one tick are one question', async () => {
    const { patient, clock, gets } = createSubject();
    const reads = Promise.all([patient.get('7'), patient.get('8'), patient.get('7')]);
    await settled();
    expect(gets.map(({ keys }) => keys)).toEqual([['7', '8', '7']]);
    gets[0]?.reply.resolve([answerOf('7', 1), failureOf('7', 2)]);
    expect(await reads).toEqual([[answerOf('7', 1), failureOf('7', 2)], [], [answerOf('7', 1), failureOf('7', 2)]]);
    expect(clock.pending).toBe(0);
  });

  test('a later read asks anew', async () => {
    const { patient, gets } = createSubject();
    for (const count of [1, 2]) {
      const read = patient.get('7');
      await settled();
      expect(gets).toHaveLength(count);
      gets.at(-1)?.reply.resolve([]);
      await read;
    }
  });

  test('a store that fails is a miss for everybody, and said', async () => {
    const { patient, clock, errors, gets } = createSubject();
    const reads = Promise.all([patient.get('7'), patient.get('8')]);
    await settled();
    gets[0]?.reply.reject(new Error('database is locked'));
    expect(await reads).toEqual([[], []]);
    expect(new Set(errors)).toEqual(new Set(['get: database is locked']));
    expect(clock.pending).toBe(0);
  });

  test('a store that throws instead of rejecting is a miss as well', async () => {
    const errors: unknown[] = [];
    const store: AnswerStore = {
      getMany() {
        throw new Error('thrown');
      },
      put: () => Promise.reject(new Error('no')),
    };
    const onError = (_: string, error: unknown) => errors.push(error);
    const patient = createWriteBehindStore({ store, timers: createTestClock().timers, maxUnsaved: 1, onError });
    expect(await patient.get('7')).toEqual([]);
    expect(errors).toEqual([new Error('thrown')]);
  });

  test('a store that is silent is a miss after 50 ms, and not before; what it says later harms nobody', async () => {
    const { patient, clock, errors, gets } = createSubject();
    let found: unknown;
    const read = patient.get('7').then((rows) => {
      found = rows;
    });
    await settled();
    clock.advanceMs(STORE_PATIENCE_MS - 1);
    await settled();
    expect(found).toBeUndefined();
    clock.advanceMs(1);
    await read;
    expect({ found, errors, pending: clock.pending }).toEqual({
      found: [],
      errors: ['get: no answer within 50 ms'],
      pending: 0,
    });
    gets[0]?.reply.reject(new Error('late'));
    await settled();
    expect(errors).toHaveLength(1);
  });
});

describe('writing', () => {
  test('settles when the store has taken it', async () => {
    const { patient, clock, puts, replyToPuts } = createSubject();
    const put = patient.put(answerOf('7', 1));
    expect(patient.unsavedCount).toBe(1);
    await replyToPuts('taken');
    await put;
    expect({ unsaved: patient.unsavedCount, puts: puts.length, pending: clock.pending }).toEqual({
      unsaved: 0,
      puts: 1,
      pending: 0,
    });
  });

  test('what the store refuses is kept, and offered every second until it is taken', async () => {
    const { patient, clock, errors, puts, replyToPuts } = createSubject();
    const put = patient.put(answerOf('7', 1));
    for (let offers = 1; offers <= 3; offers += 1) {
      await replyToPuts(FULL);
      expect({ offers: puts.length, unsaved: patient.unsavedCount }).toEqual({ offers, unsaved: 1 });
      clock.advanceMs(RESAVE_MS - 1);
      expect(puts).toHaveLength(offers);
      clock.advanceMs(1);
    }
    await put;
    await replyToPuts('taken');
    expect({ unsaved: patient.unsavedCount, pending: clock.pending }).toEqual({ unsaved: 0, pending: 0 });
    expect(errors).toEqual(Array(3).fill('put: database or disk is full'));
    expect(puts.map(({ stored }) => stored)).toEqual(Array(4).fill(answerOf('7', 1)));
  });

  test('one is offered first, and the others follow when it was taken', async () => {
    const { patient, clock, puts, replyToPuts } = createSubject();
    const all = Promise.all(['1', '2', '3'].map((key) => patient.put(answerOf(key, 1))));
    await replyToPuts(FULL);
    await all;
    puts.length = 0;
    clock.advanceMs(RESAVE_MS);
    expect(puts.map(({ stored }) => stored.cacheKey)).toEqual(['1']);
    await replyToPuts('taken');
    expect(puts.map(({ stored }) => stored.cacheKey)).toEqual(['1', '2', '3']);
    await replyToPuts('taken');
    expect(patient.unsavedCount).toBe(0);
  });

  /** So many answers that the store refused. */
  async function setUpRefused(count: number) {
    const subject = createSubject(count);
    const all = Promise.all(Array.from({ length: count }, (_, key) => subject.patient.put(answerOf(String(key), 1))));
    await subject.replyToPuts(FULL);
    await all;
    subject.puts.length = 0;
    return subject;
  }

  test('with many that wait, each further one is one offer, and so is each second', async () => {
    const { clock, patient, puts, replyToPuts } = await setUpRefused(1400);
    for (let offers = 1; offers <= 20; offers += 1) {
      const put = patient.put(answerOf(`more ${offers}`, 1));
      await replyToPuts(FULL);
      await put;
      expect(puts).toHaveLength(offers);
    }
    clock.advanceMs(RESAVE_MS);
    expect(puts).toHaveLength(21);
  });

  test('many follow in parts, one part after the other, and no second try begins meanwhile', async () => {
    const { clock, patient, puts, replyToPuts } = await setUpRefused(500);
    clock.advanceMs(RESAVE_MS);
    for (const offers of [1, 1 + 200, 1 + 400, 500]) {
      expect(puts).toHaveLength(offers);
      clock.advanceMs(RESAVE_MS);
      expect(puts).toHaveLength(offers);
      await replyToPuts('taken');
    }
    expect({ offers: puts.length, unsaved: patient.unsavedCount, pending: clock.pending }).toEqual({
      offers: 500,
      unsaved: 0,
      pending: 0,
    });
  });

  test('an outcome that comes while the others are offered begins no second round', async () => {
    const { clock, patient, puts } = await setUpRefused(3);
    clock.advanceMs(RESAVE_MS);
    const put = patient.put(answerOf('more', 1));
    clock.advanceMs(STORE_PATIENCE_MS);
    await put;
    clock.advanceMs(RESAVE_MS);
    expect(puts.map(({ stored }) => stored.cacheKey)).toEqual(['0', 'more']);
  });

  test('a part that the store refuses is the last until the next second', async () => {
    const { clock, patient, puts, replyToPuts } = await setUpRefused(500);
    clock.advanceMs(RESAVE_MS);
    await replyToPuts('taken');
    await replyToPuts(FULL);
    expect({ offers: puts.length, unsaved: patient.unsavedCount }).toEqual({ offers: 201, unsaved: 499 });
    clock.advanceMs(RESAVE_MS);
    expect(puts).toHaveLength(202);
  });

  test('a silent store is waited for 50 ms; what it takes later is not offered again', async () => {
    const { patient, clock, errors, puts, replyToPuts } = createSubject();
    const put = patient.put(answerOf('7', 1));
    clock.advanceMs(STORE_PATIENCE_MS);
    await put;
    expect({ errors, unsaved: patient.unsavedCount }).toEqual({ errors: ['put: no answer within 50 ms'], unsaved: 1 });
    await replyToPuts('taken');
    expect(patient.unsavedCount).toBe(0);
    clock.advanceMs(10 * RESAVE_MS);
    expect(puts).toHaveLength(1);
  });

  test('of one key and slot only the newest is kept', async () => {
    const { patient, clock, puts, replyToPuts } = createSubject();
    const all = Promise.all([answerOf('7', 1), failureOf('7', 2), answerOf('7', 3)].map(patient.put));
    await replyToPuts(FULL);
    await all;
    puts.length = 0;
    clock.advanceMs(RESAVE_MS);
    await replyToPuts('taken');
    await replyToPuts('taken');
    expect(new Set(puts.map(({ stored }) => stored))).toEqual(new Set([answerOf('7', 3), failureOf('7', 2)]));
  });

  test('when an older one is taken late, the newer one stays to be offered', async () => {
    const { patient, puts } = createSubject();
    const older = patient.put(answerOf('7', 1));
    const newer = patient.put(answerOf('7', 2));
    puts[0]?.reply.resolve();
    await older;
    expect(patient.unsavedCount).toBe(1);
    puts[1]?.reply.resolve();
    await newer;
    expect(patient.unsavedCount).toBe(0);
  });

  test('no more is kept than was asked for, and the oldest gives way', async () => {
    const { patient, clock, puts, replyToPuts } = createSubject(2);
    for (const key of ['1', '2', '3', '4']) {
      const put = patient.put(answerOf(key, 1));
      await replyToPuts(FULL);
      await put;
    }
    expect(patient.unsavedCount).toBe(2);
    puts.length = 0;
    clock.advanceMs(RESAVE_MS);
    expect(puts.map(({ stored }) => stored.cacheKey)).toEqual(['3']);
  });
});

describe('closing', () => {
  test('offers the rest a last time and tells how many were not taken', async () => {
    const { patient, clock, puts, replyToPuts } = createSubject();
    const all = Promise.all(['1', '2', '3'].map((key) => patient.put(answerOf(key, 1))));
    await replyToPuts(FULL);
    await all;
    puts.length = 0;
    const closed = patient.close();
    puts[0]?.reply.resolve();
    await replyToPuts(FULL);
    expect(await closed).toBe(2);
    expect(clock.pending).toBe(0);
  });

  test('offers part by part, and nothing more when the store has taken nothing of a part', async () => {
    const { patient, puts, replyToPuts } = createSubject(1000);
    const all = Promise.all(Array.from({ length: 700 }, (_, key) => patient.put(answerOf(String(key), 1))));
    await replyToPuts(FULL);
    await all;
    puts.length = 0;
    const closed = patient.close();
    expect(puts).toHaveLength(200);
    await replyToPuts('taken');
    expect(puts).toHaveLength(400);
    await replyToPuts(FULL);
    expect(await closed).toBe(500);
    expect(puts).toHaveLength(400);
  });

  test('waits a second for a silent store', async () => {
    const { patient, clock } = createSubject();
    const put = patient.put(answerOf('7', 1));
    clock.advanceMs(STORE_PATIENCE_MS);
    await put;
    const closed = patient.close();
    clock.advanceMs(20 * STORE_PATIENCE_MS);
    expect(await closed).toBe(1);
  });

  test('tells of nothing when everything was taken', async () => {
    const { patient, puts } = createSubject();
    expect(await patient.close()).toBe(0);
    expect(puts).toHaveLength(0);
  });
});
