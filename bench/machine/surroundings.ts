import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeClientKeys } from './client-key.ts';
import { LOAD_CORE } from './pinned-process.ts';
import { startServer } from './started-server.ts';

/** What every server of a run finds: an upstream, a key file, a folder that is gone afterwards. */
export async function openSurroundings() {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  stack.defer(remove);
  const program = fileURLToPath(new URL('fast-upstream.ts', import.meta.url));
  const upstream = stack.use(await startServer(LOAD_CORE, { name: 'upstream', args: [program], env: {} }, folder));
  const opened = stack.move();
  return {
    folder,
    upstream: upstream.origin,
    clientKeysFile: writeClientKeys(folder),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
