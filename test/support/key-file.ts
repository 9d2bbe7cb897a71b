import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface KeyEntry {
  readonly name: string;
  /** The key itself; the file holds its hash. */
  readonly key: string;
  readonly perMinute?: number;
  readonly billedPerDay?: number;
  readonly scopes?: readonly string[];
}

/** A key file in a folder of its own, which can be replaced as orchestrators do it. */
export interface KeyFile extends Disposable {
  readonly path: string;
  replace(...entries: readonly KeyEntry[]): void;
  replaceText(text: string): void;
}

export function writeKeyFile(...entries: readonly KeyEntry[]): KeyFile {
  const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-keys-'));
  const path = join(folder, 'clients.json');
  writeFileSync(path, textOf(entries));
  const replaceText = (text: string) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  return {
    path,
    replace: (...others) => replaceText(textOf(others)),
    replaceText,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** The environment of a gateway that knows one client, as long as the test lasts. */
export function keyFileEnv(entry: KeyEntry): Record<string, string> {
  const file = writeKeyFile(entry);
  onTestFinished(() => file[Symbol.dispose]());
  return { CLIENT_KEYS_FILE: file.path };
}

function textOf(entries: readonly KeyEntry[]): string {
  const clients = entries.map(({ key, ...rest }) => ({
    ...rest,
    sha256: createHash('sha256').update(key).digest('hex'),
  }));
  return JSON.stringify({ clients });
}
