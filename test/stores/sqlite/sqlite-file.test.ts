import { readdirSync, readlinkSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openSqliteFile, type SqliteFileOptions } from '../../../src/stores/sqlite/sqlite-file.ts';
import { lockStore, temporaryStorePath } from '../../support/answer-store-contract.ts';
import { createTestClock } from '../../support/test-clock.ts';

const [LATE_MS, TURN_MS] = [100, 10];
const ROW = { key: '7', slot: 'answer', body: '', bornAtMs: 1, expiresAtMs: 1 };

function openFile(path = temporaryStorePath(), options: SqliteFileOptions = {}) {
  const file = openSqliteFile(path, 1, options);
  onTestFinished(() => file.close());
  return file;
}

describe('a thread that is stuck in the file system', () => {
  /** Answers nothing until it is released, and then each call with how many it has received. */
  const STUCK_THREAD = `
    import { parentPort, workerData } from 'node:worker_threads';
    const held = [];
    let received = 0;
    new BroadcastChannel(workerData.path).onmessage = () => {
      for (const id of held.splice(0)) parentPort.postMessage({ id, result: received });
    };
    parentPort.on('message', ({ id }) => {
      received += 1;
      held.push(id);
    });
  `;

  function setUp() {
    const path = temporaryStorePath();
    const clock = createTestClock();
    const thread = new URL(`data:text/javascript,${encodeURIComponent(STUCK_THREAD)}`);
    const file = openFile(path, { after: clock.timers.after, thread });
    const channel = new BroadcastChannel(path);
    onTestFinished(() => channel.close());
    return {
      clock,
      call: () => file.call('getAnswers', ['7']),
      /** Settles when the thread has answered what it was sent before. */
      async release(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
        const answered = Promise.all(calls);
        let isOver = false;
        answered.then(() => {
          isOver = true;
        });
        // The thread may not listen yet.
        for (; !isOver; await turn()) channel.postMessage('release');
        return answered;
      },
    };
  }

  test('is sent nothing more when it has not answered for 100 ms, and whoever asks is refused at once', async () => {
    const { call, clock, release } = setUp();
    const first = call();
    clock.advanceMs(LATE_MS);
    const second = call();
    clock.advanceMs(TURN_MS);
    for (let time = 0; time < 1000; time += 1) await expect(call()).rejects.toThrow('no answer of the store thread');
    expect(await release([first, second])).toEqual([2, 2]);
  });

  test('is asked again when it has answered', async () => {
    const { call, clock, release } = setUp();
    const first = call();
    clock.advanceMs(LATE_MS + TURN_MS);
    await expect(call()).rejects.toThrow();
    await release([first]);
    expect(clock.pending).toBe(0);
    const second = call();
    expect(await release([second])).toEqual([2]);
  });

  test('is waited for anew by each call, as long as it answers', async () => {
    const { call, clock, release } = setUp();
    for (let time = 1; time <= 5; time += 1) {
      const answer = call();
      clock.advanceMs(LATE_MS);
      expect(await release([answer])).toEqual([time]);
    }
  });
});

describe('a file that another process has locked', () => {
  async function openLocked() {
    const path = temporaryStorePath();
    const file = openFile(path);
    await file.call('putAnswer', ROW);
    const unlock = lockStore(path);
    return { unlock, put: () => file.call('putAnswer', ROW) };
  }

  test('is waited for by the first call, and not by those after it', async () => {
    const [known, ...others] = await Promise.all(Array.from({ length: 6 }, openLocked));
    await expect(known?.put()).rejects.toThrow('database is locked');
    const ends: string[] = [];
    const putOften = async () => {
      await Promise.allSettled(Array.from({ length: 50 }, () => known?.put()));
      ends.push('50 calls that know of the lock');
    };
    const putFirst = async () => {
      for (const { put } of others) await put().catch(() => {});
      ends.push('5 calls that find it, one after the other');
    };
    await Promise.all([putOften(), putFirst()]);
    expect(ends[0]).toBe('50 calls that know of the lock');
  });

  test('takes calls as soon as it is unlocked', async () => {
    const { put, unlock } = await openLocked();
    for (let time = 0; time < 3; time += 1) await expect(put()).rejects.toThrow('database is locked');
    unlock();
    await put();
  });
});

test.runIf(process.platform === 'linux')('a file that cannot be used is not left open by each try', async () => {
  const path = temporaryStorePath();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 1');
  database.close();
  const file = openFile(path);
  for (let time = 0; time < 20; time += 1) {
    await expect(file.call('getAnswers', ['7'])).rejects.toThrow('no such table');
  }
  expect(openPaths().filter((each) => each === path)).toEqual([]);
});

/** Of every file that this process has open. */
function openPaths(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}
