import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';

/** The processes that this one has started and that still run. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return []; // pgrep found none
  }
}

/** Settles when none of them runs any more. */
export async function expectEnded(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter((pid) => signal(pid, 0))).toEqual([]);
}

/** @returns whether the process was there */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
