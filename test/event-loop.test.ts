import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteFile } from '../src/stores/sqlite/sqlite-file.ts';
import { receiveWhole } from '../src/upstream/whole-response.ts';
import { lockStore, temporaryStorePath } from './support/answer-store-contract.ts';

const LOCKED_FOR_READERS = 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE';

/** How often the event loop turns while a promise is pending; a loop that is blocked meanwhile does not turn at all. */
async function turnsWhilePending(promise: Promise<unknown>): Promise<number> {
  let isPending = true;
  const settled = () => {
    isPending = false;
  };
  promise.then(settled, settled);
  let turns = 0;
  for (; isPending; turns += 1) await turn();
  return turns;
}

/** More than it takes to send a message to a thread and back. */
const MANY_TURNS = 10;

function openFile(path: string) {
  const file = openSqliteFile(path, 1);
  onTestFinished(() => file.close());
  return file;
}

const ROW = { key: '7', slot: 'answer', body: '', bornAtMs: 1, expiresAtMs: 1 };

test('while a write waits for a lock, the event loop goes on', async () => {
  const path = temporaryStorePath();
  const file = openFile(path);
  await file.call('putAnswer', ROW);
  lockStore(path);
  const write = file.call('putAnswer', ROW);
  expect(await turnsWhilePending(write)).toBeGreaterThan(MANY_TURNS);
  await expect(write).rejects.toThrow('database is locked');
});

test('while opening waits for a lock, the event loop goes on', async () => {
  const path = temporaryStorePath();
  lockStore(path, LOCKED_FOR_READERS);
  const read = openFile(path).call('getAnswers', ['7']);
  expect(await turnsWhilePending(read)).toBeGreaterThan(MANY_TURNS);
  await expect(read).rejects.toThrow('database is locked');
});

test('while twenty calls find the file locked, the event loop goes on', async () => {
  const path = temporaryStorePath();
  const file = openFile(path);
  await file.call('putAnswer', ROW);
  lockStore(path);
  const writes = Promise.allSettled(Array.from({ length: 20 }, () => file.call('putAnswer', ROW)));
  expect(await turnsWhilePending(writes)).toBeGreaterThan(MANY_TURNS);
});

test('while a response of 1 MiB is inflated, the event loop goes on', async () => {
  const MIB = 1024 * 1024;
  const bytes = gzipSync(Buffer.alloc(MIB, ' '));
  /** All has arrived already: what is left to wait for is the inflating. */
  const dispatch: Dispatcher['dispatch'] = (_request, handler) => {
    const controller = {} as Dispatcher.DispatchController;
    handler.onRequestStart?.(controller, {});
    handler.onResponseStart?.(controller, 200, { 'content-encoding': 'gzip' });
    handler.onResponseData?.(controller, bytes);
    handler.onResponseEnd?.(controller, {});
    return true;
  };
  const request = { path: '/', method: 'GET' } as const;
  const options = { deadlineMs: 60_000, maxBodyBytes: MIB, onSending: () => {} };
  const received = receiveWhole({ dispatch } as Dispatcher, request, options);
  expect(await turnsWhilePending(received)).toBeGreaterThan(MANY_TURNS);
  expect((await received).body).toHaveLength(MIB);
});
