import { unwatchFile, watchFile } from 'node:fs';

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
 * or by symlink, as orchestrators do it, is seen too; inotify would go on watching the old file.
 *
 * @throws what `read` throws at the start
 */
export function watchFileContent<Content>(options: WatchedFileOptions<Content>): WatchedFile<Content> {
  const { path, read, onChange, onRejected, intervalMs = 1000 } = options;
  let content = read(path);

  const reload = (): void => {
    try {
      content = read(path);
    } catch (error) {
      onRejected?.(error);
      return;
    }
    onChange?.(content);
  };
  watchFile(path, { interval: intervalMs, persistent: false }, reload);

  return {
    current: () => content,
    close: () => unwatchFile(path, reload),
  };
}
