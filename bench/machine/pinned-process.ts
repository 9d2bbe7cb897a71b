import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Servers have a core to themselves; what asks them, and what they ask, shares the other. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Hive Gateway does not end by itself. */
const STOP_MS = 2000;

export interface PinnedProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles when it is over. */
  readonly exited: Promise<unknown>;
  hasExited(): boolean;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

let canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** For what is to use every core: from now on the system chooses. */
export function pinNothing(): void {
  canPin = false;
}

/** The command line that runs `command` on one core, where the machine has more than one and `taskset`. */
export function pinned(core: number, command: string, args: readonly string[]): [string, string[]] {
  return canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]];
}

/**
 * This Node with `args`, on one core.
 * @param outputFile takes what it prints, as a service's log is taken
 */
export function startPinned(
  core: number,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  outputFile: string,
): PinnedProcess {
  const output = openSync(outputFile, 'a');
  const [command, allArgs] = pinned(core, process.execPath, args);
  const child = spawn(command, allArgs, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', output, output],
  });
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid as number,
    exited,
    hasExited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const patience = new AbortController();
      const impatient = delay(STOP_MS, undefined, { signal: patience.signal }).then(
        () => child.kill('SIGKILL'),
        () => {},
      );
      if (!hasExited()) await exited;
      patience.abort();
      await impatient;
    },
  };
}

/** What the process holds in memory, in bytes. Linux only. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

const TICKS_PER_SECOND = 100;

/** The processor time that the process has taken, all its threads together, in milliseconds. Linux only. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}
