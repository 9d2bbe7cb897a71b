import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

/** What the real program has printed so far. */
export interface Output {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface Program extends Output {
  readonly child: ChildProcess;
}

/** Starts `kol-gateway` in this environment and no other. */
export function startProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  nodeArgs: readonly string[] = [],
): Program {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [...nodeArgs, 'src/main.ts', ...args], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  return { child, stdout: () => text.stdout, stderr: () => text.stderr };
}

/** Everything that a command prints until it ends by itself, its exit code first. */
export async function outputOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { child, stdout, stderr } = startProgram(args, env);
  const [exitCode] = await once(child, 'close');
  return `exit code ${exitCode}\n${stdout()}${stderr()}`;
}

/** @throws Error after ten seconds */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 20) {
    if (waitedMs > 10_000) throw new Error(`expected ${what} within 10 s`);
    await setTimeout(20);
  }
}
