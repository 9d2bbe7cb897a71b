import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The real program in a process of its own, on a free port. */
export interface StartedGateway extends AsyncDisposable {
  readonly origin: string;
}

const THIS_TREE = new URL('..', import.meta.url).pathname;

/**
 * @param env its whole configuration; it answers from the built-in sandbox
 * @param tree another checkout to compare with
 */
export async function startGateway(
  env: Readonly<Record<string, string>>,
  tree: string = THIS_TREE,
): Promise<StartedGateway> {
  const child = spawn(process.execPath, [join(tree, 'src/main.ts')], {
    env: { PATH: process.env['PATH'], PORT: '0', JUSTONEAPI_ENVIRONMENT: 'sandbox', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { origin: await originOf(child), [Symbol.asyncDispose]: () => stop(child) };
}

async function originOf({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += chunk;
    const origin = /(http:\S+)\/graphql/.exec(text)?.[1];
    if (origin) return origin;
  }
  throw new Error(`expected the gateway to start, it said: ${text}`);
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
}
