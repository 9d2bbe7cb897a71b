import { type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface WatchedFileOptions<Content> {
  readonly path: string;
  /** What it throws keeps the last good content. */
  readonly read: (path: string) => Content;
  readonly onChange?: ((content: Content) => void) | undefined;
  /** The file changed into something that could not be read. */
  readonly onRejected?: ((error: unknown) => void) | undefined;
  /** How often the file is looked at, in milliseconds. */
  readonly intervalMs?: number;
}

export interface WatchedFile<Content> {
  current(): Content;
  close(): void;
}

/**
 * A small file of secrets that may change under us. It is looked at by path, so that a replacement by rename
 * or by symlink, as orchestrators do it, is seen too; inotify would go on watching the old file. Node's `watchFile`
 * takes its first look only after we have read, and would miss a change in between.
 *
 * @throws what `read` throws at the start
 */
export function watchFileContent<Content>(options: WatchedFileOptions<Content>): WatchedFile<Content> {
  const { path, read, onChange, onRejected, intervalMs = 1000 } = options;
  let seen = fingerprintOf(statSync(path, { throwIfNoEntry: false }));
  let content = read(path);
  let isClosed = false;

  async function look(): Promise<void> {
    const fingerprint = fingerprintOf(await stat(path).catch(() => undefined));
    if (fingerprint === seen || isClosed) return;
    seen = fingerprint;
    reload();
  }

  function reload(): void {
    try {
      content = read(path);
    } catch (error) {
      onRejected?.(error);
      return;
    }
    onChange?.(content);
  }

  const timer = setInterval(look, intervalMs).unref();
  return {
    current: () => content,
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

function fingerprintOf(stats: Stats | undefined): string {
  return stats === undefined ? 'missing' : [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join();
}
