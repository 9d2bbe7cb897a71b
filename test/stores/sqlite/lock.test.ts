import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openForReading } from '../../../src/stores/sqlite/database.ts';
import { isLocked, StoreInUseError, takeLock } from '../../../src/stores/sqlite/lock.ts';
import { openSqliteFile } from '../../../src/stores/sqlite/sqlite-file.ts';
import { temporaryStorePath } from '../../support/answer-store-contract.ts';

/** Opens the file as one gateway does. */
function openFile(path: string, pid = 1) {
  const file = openSqliteFile(path, pid);
  onTestFinished(() => file.close());
  return { use: () => file.call('getAnswers', []), close: file.close };
}

/** A file that its first user has. */
async function openUsedFile() {
  const path = temporaryStorePath();
  const first = openFile(path, 4711);
  await first.use();
  return { path, first };
}

describe('a store that a process has', () => {
  test('is refused to another one, with the name of its holder and what to do', async () => {
    const { path } = await openUsedFile();
    const refused = openFile(path).use();
    await expect(refused).rejects.toBeInstanceOf(StoreInUseError);
    await expect(refused).rejects.toThrow(
      `${path} is in use by process 4711 on host ${hostname()}; stop it, choose another CACHE_STORE, or share answers`,
    );
  });

  test.each([
    ['a relative path', (path: string) => relative('.', path)],
    [
      'a symbolic link to it',
      (path: string) => {
        symlinkSync(path, `${path}.link`);
        return `${path}.link`;
      },
    ],
    [
      'a link to its folder',
      (path: string) => {
        symlinkSync(dirname(path), `${path}.folder`);
        return `${path}.folder/cache.sqlite`;
      },
    ],
  ])('is refused by %s as well', async (_, nameAnew) => {
    const { path } = await openUsedFile();
    await expect(openFile(nameAnew(path)).use()).rejects.toBeInstanceOf(StoreInUseError);
  });

  test('is refused by the file’s own name when it was opened by a link that was there first', async () => {
    const path = temporaryStorePath();
    symlinkSync(path, `${path}.link`);
    await openFile(`${path}.link`).use();
    await expect(openFile(path).use()).rejects.toBeInstanceOf(StoreInUseError);
  });

  test('is free as soon as that process closes it', async () => {
    const { path, first } = await openUsedFile();
    await first.close();
    await openFile(path).use();
  });

  test('is locked again after its thread ended', async () => {
    const path = temporaryStorePath();
    let thread: Worker | undefined;
    process.once('worker', (worker) => {
      thread = worker;
    });
    const first = openFile(path);
    await first.use();
    await thread?.terminate();
    await first.use();
    await expect(openFile(path).use()).rejects.toBeInstanceOf(StoreInUseError);
  });

  test('is refused without a name where the text file holds none', async () => {
    const { path } = await openUsedFile();
    for (const holder of ['', 'process 1', 'x'.repeat(1000)]) {
      writeFileSync(`${path}-holder`, holder);
      await expect(openFile(path).use()).rejects.toThrow('is in use by another process;');
    }
    rmSync(`${path}-holder`);
    await expect(openFile(path).use()).rejects.toThrow('is in use by another process;');
  });

  test('is locked although the text file cannot be written', async () => {
    const path = temporaryStorePath();
    mkdirSync(`${path}-holder`);
    await openFile(path).use();
    await expect(openFile(path).use()).rejects.toThrow('is in use by another process;');
  });
});

describe('a lock that is deleted under its holder', () => {
  test('is taken anew by the next call', async () => {
    const { path, first } = await openUsedFile();
    rmSync(`${path}-lock`);
    await first.use();
    await expect(openFile(path).use()).rejects.toBeInstanceOf(StoreInUseError);
  });

  test('belongs to the process that takes it next, and the first one has no store until that one ends', async () => {
    const { path, first } = await openUsedFile();
    renameSync(`${path}-lock`, `${path}-lock.away`);
    const second = openFile(path, 4712);
    await second.use();
    await expect(first.use()).rejects.toThrow('is in use by process 4712');
    await second.use();
    await second.close();
    await first.use();
    await expect(openFile(path).use()).rejects.toThrow('is in use by process 4711');
  });

  test('is kept where only the store is deleted', async () => {
    const { path, first } = await openUsedFile();
    rmSync(path);
    await expect(openFile(path).use()).rejects.toBeInstanceOf(StoreInUseError);
    await first.use();
    await expect(openFile(path).use()).rejects.toBeInstanceOf(StoreInUseError);
  });
});

describe('a lock that cannot be taken for another reason', () => {
  test.each([
    ['it is a folder', (path: string) => mkdirSync(path)],
    ['it is no database', (path: string) => writeFileSync(path, 'garbage'.repeat(1000))],
  ])('says so: %s', async (_, breakIt) => {
    const path = temporaryStorePath();
    breakIt(`${path}-lock`);
    const failed = openFile(path).use();
    await expect(failed).rejects.toThrow(`cannot lock ${path}-lock: `);
    await expect(failed).rejects.not.toBeInstanceOf(StoreInUseError);
  });

  test('is an error where the lock file may only be read, and no lock', () => {
    const path = temporaryStorePath();
    writeFileSync(`${path}-lock`, '');
    chmodSync(`${path}-lock`, 0o444);
    chmodSync(dirname(path), 0o755);
    const asNobody = process.geteuid?.() === 0;
    if (asNobody) process.seteuid?.(65_534);
    try {
      expect(() => takeLock(path, 1)).toThrow('attempt to write a readonly database');
    } finally {
      if (asNobody) process.seteuid?.(0);
    }
  });
});

describe('looking at a store', () => {
  function bytesIn(folder: string): Record<string, string> {
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'base64')]));
  }

  test('tells whether a process has it', async () => {
    const { path, first } = await openUsedFile();
    expect(isLocked(path)).toBe(true);
    await first.close();
    expect(isLocked(path)).toBe(false);
    expect(isLocked(temporaryStorePath())).toBe(false);
  });

  test('that nobody has changes nothing and makes no file', async () => {
    const { path, first } = await openUsedFile();
    await first.close();
    const before = bytesIn(dirname(path));
    const database = openForReading(path);
    expect(database?.prepare('SELECT count(*) AS count FROM answers').get()).toEqual({ count: 0 });
    database?.close();
    isLocked(path);
    expect(bytesIn(dirname(path))).toEqual(before);
  });

  test('that a killed process has left changes neither the file nor its log', async () => {
    const { path } = await openUsedFile();
    const left = temporaryStorePath();
    for (const suffix of ['', '-wal', '-shm']) copyFileSync(path + suffix, left + suffix);
    const { 'cache.sqlite-shm': _, ...before } = bytesIn(dirname(left));
    openForReading(left)?.close();
    expect(bytesIn(dirname(left))).toMatchObject(before);
    expect(before['cache.sqlite-wal']?.length).toBeGreaterThan(0);
  });

  test('reads what is only in its log', async () => {
    const { path } = await openUsedFile();
    const names = readdirSync(dirname(path));
    const database = openForReading(path);
    expect(database?.prepare('SELECT count(*) AS count FROM answers').get()).toEqual({ count: 0 });
    database?.close();
    expect(readdirSync(dirname(path))).toEqual(names);
  });

  test('finds nothing in a file that is empty, and reads none of another version', () => {
    const path = temporaryStorePath();
    writeFileSync(path, '');
    expect(openForReading(path)).toBeUndefined();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openForReading(path)).toThrow('expected a store of version 1, got version 99');
  });
});
