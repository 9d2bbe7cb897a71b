import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { STAR_OF } from './operations.ts';
import { lockStore, temporaryStorePath } from './support/answer-store-contract.ts';
import { answers, type ScriptedUpstream, starOf, startScriptedUpstream } from './support/scripted-upstream.ts';
import { type GraphResult, startTestGateway, type TestGateway } from './support/test-gateway.ts';

const MINUTE_MS = 60_000;
/** What a trigger says in place of a disk that has no room left. */
const DISK_FULL = `CREATE TRIGGER full_disk BEFORE INSERT ON answers
  BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`;

const LOCKED_FOR_READERS = 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE';
const GARBAGE = Buffer.alloc(64 * 1024, 'garbage');

function start(upstream: ScriptedUpstream, path: string, env: Record<string, string> = {}): Promise<TestGateway> {
  return startTestGateway({ upstream, env: { CACHE_STORE: `sqlite:${path}`, ...env } });
}

async function star(gateway: TestGateway, id: string) {
  const { data, errors } = (await gateway.query(STAR_OF, { id })) as GraphResult<{
    kol: { linkIndex: { star: { value: number } } | null };
  }>;
  return errors?.[0]?.extensions.code ?? data?.kol.linkIndex?.star.value;
}

/** The lines that tell of a store in trouble, with what SQLite or the file system said. */
function troubles(gateway: TestGateway): { operation: string; errors: number; message: string }[] {
  const lines = gateway
    .logText()
    .split('\n')
    .filter((line) => line.includes('the store failed; answers go on without it'));
  return lines.map((line) => {
    const { operation, errors, err } = JSON.parse(line) as {
      operation: string;
      errors: number;
      err: { message: string };
    };
    return { operation, errors, message: err.message };
  });
}

function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** How many answers the file holds; nothing when it cannot be read. */
function storedCount(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const database = new DatabaseSync(path);
  try {
    return Number(database.prepare('SELECT count(*) AS count FROM answers').get()?.['count']);
  } catch {
    return undefined;
  } finally {
    database.close();
  }
}

/** Every answer is given, and bought once, whatever the store does. */
async function expectAnswers(gateway: TestGateway, upstream: ScriptedUpstream, ids: readonly string[]) {
  const callsBefore = upstream.calls.length;
  expect(await Promise.all(ids.map((id) => star(gateway, id)))).toEqual(ids.map((id) => starOf(id)));
  for (const id of ids) expect(await star(gateway, id)).toBe(starOf(id));
  expect(upstream.calls.length - callsBefore).toBe(ids.length);
}

/** Buys into the file by a gateway that has ended by then. */
async function fill(upstream: ScriptedUpstream, path: string, ...ids: readonly string[]): Promise<void> {
  await using filler = await start(upstream, path);
  await expectAnswers(filler, upstream, ids);
}

describe('a store that cannot be opened', () => {
  /** What is wrong, what is said of it, what makes it so, and where the store is then meant to be. */
  test.each<[string, string, (path: string) => unknown, string?]>([
    ['its folder is a file', 'unable to open database file', (path) => writeFileSync(path, ''), '/cache.sqlite'],
    ['a folder above it is a file', 'ENOTDIR', (path) => writeFileSync(path, ''), '/folder/cache.sqlite'],
    ['it is a folder', 'unable to open database file', (path) => mkdirSync(path)],
    ['it is garbage', 'file is not a database', (path) => writeFileSync(path, GARBAGE)],
    ['it is of another version', 'got version 99', (path) => execute(path, 'PRAGMA user_version = 99')],
    ['its lock is a folder', 'cannot lock', (path) => mkdirSync(`${path}-lock`)],
    ['its lock is garbage', 'file is not a database', (path) => writeFileSync(`${path}-lock`, GARBAGE)],
    ['it is locked for good', 'database is locked', (path) => lockStore(path, LOCKED_FOR_READERS)],
  ])('fails no query: %s', async (_, message, breakIt, suffix = '') => {
    const path = temporaryStorePath();
    breakIt(path);
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream, path + suffix);
    await expectAnswers(gateway, upstream, ['1', '2', '3']);
    expect(troubles(gateway)).toEqual([{ operation: 'start', errors: 1, message: expect.stringContaining(message) }]);
    expect(await gateway.stop()).toEqual(['answers that the store did not take: 3']);
  });

  test('is read where it cannot be written to', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(answers);
    await fill(upstream, path, '1');
    lockStore(path);
    await using gateway = await start(upstream, path, { UPSTREAM_DAILY_BUDGET: '100' });
    expect(await star(gateway, '1')).toBe(starOf('1'));
  });

  test('is counted, and told once a minute', async () => {
    const path = temporaryStorePath();
    mkdirSync(path);
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream, path);
    await expectAnswers(gateway, upstream, ['1', '2']);
    gateway.clock.advanceMs(MINUTE_MS - 1);
    await expectAnswers(gateway, upstream, ['3']);
    expect(troubles(gateway)).toHaveLength(1);
    gateway.clock.advanceMs(1);
    await expectAnswers(gateway, upstream, ['4']);
    expect(troubles(gateway)).toHaveLength(2);
    expect(troubles(gateway)[1]?.errors).toBeGreaterThan(4);
    rmSync(path, { recursive: true });
  });

  test('buys nothing where there is a budget, and says so', async () => {
    const path = temporaryStorePath();
    writeFileSync(path, GARBAGE);
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream, path, { UPSTREAM_DAILY_BUDGET: '100' });
    expect(await star(gateway, '7')).toBe('BUDGET_EXHAUSTED');
    expect(upstream.calls).toHaveLength(0);
  });

  test('gets every answer when it is back', async () => {
    const path = temporaryStorePath();
    mkdirSync(path);
    await using upstream = await startScriptedUpstream(answers);
    {
      await using gateway = await start(upstream, path);
      await expectAnswers(gateway, upstream, ['1', '2', '3']);
      rmSync(path, { recursive: true });
      gateway.clock.advanceMs(1000);
      await expect.poll(() => storedCount(path)).toBe(3);
      expect(await gateway.stop()).toEqual([]);
    }
    await using next = await start(upstream, path);
    expect(await star(next, '2')).toBe(starOf('2'));
    expect(upstream.calls).toHaveLength(3);
  });
});

describe('a store that breaks under us', () => {
  /** Bought before, so it is in memory; the others are bought while the store is broken. */
  async function expectLifeGoesOn(breakIt: (path: string) => void, messages: RegExp) {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream, path);
    await expectAnswers(gateway, upstream, ['1']);
    breakIt(path);
    // The file at the path is looked at once a second; until then the one that was opened serves.
    let id = 2;
    await expect
      .poll(async () => {
        await expectAnswers(gateway, upstream, [String(id++)]);
        return troubles(gateway)[0]?.message;
      })
      .toMatch(messages);
    expect(await star(gateway, '1')).toBe(starOf('1'));
  }

  test('when a folder takes its place', async () => {
    await expectLifeGoesOn((path) => {
      rmSync(path);
      mkdirSync(path);
    }, /unable to open database file|disk I\/O error/);
  });

  test('when garbage takes its place', async () => {
    await expectLifeGoesOn((path) => {
      writeFileSync(`${path}.new`, GARBAGE);
      renameSync(`${path}.new`, path);
      // Else SQLite finds every page in the log beside it.
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix);
    }, /not a database/);
  });

  test('when garbage is written over it', async () => {
    await expectLifeGoesOn((path) => {
      execute(path, 'PRAGMA wal_checkpoint(TRUNCATE)');
      writeFileSync(path, GARBAGE, { flag: 'r+' });
    }, /malformed|not a database/);
  });

  test('when its folder becomes a file', async () => {
    await expectLifeGoesOn((path) => {
      rmSync(dirname(path), { recursive: true });
      writeFileSync(dirname(path), '');
    }, /unable to open database file|ENOTDIR|disk I\/O error/);
  });

  test('when its tables are gone', async () => {
    await expectLifeGoesOn((path) => execute(path, 'DROP TABLE answers; DROP TABLE reservations'), /no such table/);
  });

  test('deleted with its folder, it is made anew', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await start(upstream, path);
    await expectAnswers(gateway, upstream, ['1']);
    rmSync(dirname(path), { recursive: true });
    let id = 2;
    const storedAnew = async () => {
      await expectAnswers(gateway, upstream, [String(id++)]);
      return storedCount(path);
    };
    await expect.poll(storedAnew).toBeGreaterThan(0);
    expect(await star(gateway, '1')).toBe(starOf('1'));
    expect(await gateway.stop()).toEqual([]);
  });

  function fillDisk(path: string): () => void {
    execute(path, DISK_FULL);
    return () => execute(path, 'DROP TRIGGER full_disk');
  }

  test.each([
    ['locked', lockStore],
    ['full', fillDisk],
  ] as const)('%s, it is read all the same, and gets what it did not take when that is over', async (_, breakIt) => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(answers);
    await fill(upstream, path, '1');
    await using gateway = await start(upstream, path);
    const repair = breakIt(path);
    expect(await star(gateway, '1')).toBe(starOf('1'));
    expect(upstream.calls).toHaveLength(1);
    await expectAnswers(gateway, upstream, ['2', '3']);
    expect(troubles(gateway)).toHaveLength(1);
    expect(storedCount(path)).toBe(1);
    repair();
    gateway.clock.advanceMs(1000);
    await expect.poll(() => storedCount(path)).toBe(3);
  });
});
