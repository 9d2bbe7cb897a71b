import {
  mkdirSync,
  mkdtempDisposableSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { watchFileContent } from '../src/watched-file.ts';

const WAIT = { interval: 5 };

interface Watched extends Disposable {
  current(): string;
  /** Every content that was reported. */
  readonly changes: readonly string[];
  readonly rejections: readonly unknown[];
  /** Settles when the file is read as this. */
  untilRead(content: string): Promise<void>;
}

/** Accepts what starts with "good". */
function readGood(path: string): string {
  const content = readFileSync(path, 'utf8');
  if (!content.startsWith('good')) throw new Error('expected something good');
  return content;
}

/** Watches the file, and waits until a change of it is seen, for only what follows the first look is a change. */
async function watch(path: string): Promise<Watched> {
  const changes: string[] = [];
  const rejections: unknown[] = [];
  const file = watchFileContent({
    path,
    read: readGood,
    onChange: (content) => void changes.push(content),
    onRejected: (error) => void rejections.push(error),
    intervalMs: 10,
  });
  let seconds = 1_000_000;
  await vi.waitFor(() => {
    seconds += 1;
    utimesSync(path, seconds, seconds);
    expect(changes).not.toEqual([]);
  }, WAIT);
  return {
    current: file.current,
    changes,
    rejections,
    untilRead: (content) => vi.waitFor(() => expect(file.current()).toBe(content), WAIT),
    [Symbol.dispose]: file.close,
  };
}

function replaceByRename(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

function replaceByDirectory(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function pointTo(target: string, link: string): void {
  symlinkSync(target, `${link}.new`);
  renameSync(`${link}.new`, link);
}

function directoryWith(
  files: Readonly<Record<string, string>>,
): { readonly at: (name: string) => string } & Disposable {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'watched-file-'));
  const at = (name: string) => join(directory.path, name);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(at(name), '..'), { recursive: true });
    writeFileSync(at(name), content);
  }
  return { at, [Symbol.dispose]: () => directory.remove() };
}

describe('a watched file', () => {
  test('is read at once', () => {
    using directory = directoryWith({ token: 'good' });
    const file = watchFileContent({ path: directory.at('token'), read: readGood });
    expect(file.current()).toBe('good');
    file.close();
  });

  test.each([{}, { token: 'broken' }])('that cannot be read at the start throws: %j', (files) => {
    using directory = directoryWith(files);
    expect(() => watchFileContent({ path: directory.at('token'), read: readGood })).toThrow();
  });

  test('is read anew when it is written', async () => {
    using directory = directoryWith({ token: 'good' });
    using file = await watch(directory.at('token'));
    writeFileSync(directory.at('token'), 'good too');
    await file.untilRead('good too');
    expect(file.changes).toContain('good too');
  });

  test('is read anew when it is replaced by rename, again and again', async () => {
    using directory = directoryWith({ token: 'good 0' });
    using file = await watch(directory.at('token'));
    for (const content of ['good 1', 'good 2', 'good 3']) {
      replaceByRename(directory.at('token'), content);
      await file.untilRead(content);
    }
    expect(file.rejections).toEqual([]);
  });

  test('is read anew when the symlink to it is swapped', async () => {
    using directory = directoryWith({ old: 'good 0', new: 'good 1' });
    symlinkSync('old', directory.at('token'));
    using file = await watch(directory.at('token'));
    pointTo('new', directory.at('token'));
    await file.untilRead('good 1');
  });

  test('is read anew when the symlink to its directory is swapped', async () => {
    using directory = directoryWith({ 'old/token': 'good 0', 'new/token': 'good 1' });
    symlinkSync('old', directory.at('..data'));
    symlinkSync('..data/token', directory.at('token'));
    using file = await watch(directory.at('token'));
    pointTo('new', directory.at('..data'));
    await file.untilRead('good 1');
    expect(file.rejections).toEqual([]);
  });
});

describe('the last good content stays', () => {
  test.each<[string, (path: string) => void]>([
    ['replaced by something broken', (path) => replaceByRename(path, 'broken')],
    ['overwritten with something broken', (path) => writeFileSync(path, 'broken')],
    ['emptied', (path) => writeFileSync(path, '')],
    ['removed', (path) => rmSync(path)],
    ['replaced by a directory', replaceByDirectory],
    ['replaced by a symlink to nothing', (path) => pointTo('nowhere', path)],
  ])('when the file is %s, until it is good again', async (_, spoil) => {
    using directory = directoryWith({ token: 'good 0' });
    const path = directory.at('token');
    using file = await watch(path);

    spoil(path);
    await vi.waitFor(() => expect(file.rejections).not.toEqual([]), WAIT);
    expect(file.current()).toBe('good 0');
    expect(new Set(file.changes)).toEqual(new Set(['good 0']));

    rmSync(path, { recursive: true, force: true });
    replaceByRename(path, 'good 1');
    await file.untilRead('good 1');
  });

  test('where nobody asks for changes and rejections', async () => {
    using directory = directoryWith({ token: 'good 0' });
    const path = directory.at('token');
    using seen = await watch(path);
    const silent = watchFileContent({ path, read: readGood, intervalMs: 10 });
    writeFileSync(path, 'broken');
    await vi.waitFor(() => expect(seen.rejections).not.toEqual([]), WAIT);
    writeFileSync(path, 'good 1');
    await vi.waitFor(() => expect(silent.current()).toBe('good 1'), WAIT);
    silent.close();
  });

  test('once the file is no longer watched, and other watchers of it go on', async () => {
    using directory = directoryWith({ token: 'good 0' });
    const path = directory.at('token');
    const closed = await watch(path);
    using open = await watch(path);
    closed[Symbol.dispose]();
    replaceByRename(path, 'good 1');
    await open.untilRead('good 1');
    expect(closed.current()).toBe('good 0');
  });
});

test('a change right after the file was opened is seen', async () => {
  for (let round = 0; round < 10; round += 1) {
    using directory = mkdtempDisposableSync(join(tmpdir(), 'kol-gateway-'));
    const path = join(directory.path, 'secret');
    writeFileSync(path, 'good 1');
    const file = watchFileContent({ path, read: readGood, intervalMs: 5 });
    replaceByRename(path, 'good 2');
    await vi.waitFor(() => expect(file.current()).toBe('good 2'), WAIT);
    file.close();
  }
});
