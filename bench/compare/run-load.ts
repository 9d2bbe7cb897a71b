import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CLIENT_KEY } from '../machine/client-key.ts';
import { LOAD_CORE, pinned } from '../machine/pinned-process.ts';
import type { Workload } from '../workloads/workloads.ts';

const SCRIPT = fileURLToPath(new URL('../workloads/load.lua', import.meta.url));
const GRACE_SECONDS = 15;
let runs = 0;

export interface LoadOptions {
  readonly seconds: number;
  readonly connections: number;
  /** Shorter than the shortest right answer is no right answer. */
  readonly leastBytes: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface WrkResult {
  readonly requests: number;
  readonly microseconds: number;
  readonly bytes: number;
  readonly refusals: number;
  readonly failures: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * wrk, one thread on its own core, every connection asking again as soon as it is answered.
 * @throws when not every request was answered with 200 and enough bytes
 */
export async function runLoad(origin: string, workload: Workload, options: LoadOptions): Promise<LoadResult> {
  const { seconds, connections, leastBytes } = options;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT, `${origin}/graphql`];
  const [command, allArgs] = pinned(LOAD_CORE, 'wrk', args);
  const signal = AbortSignal.timeout((seconds + GRACE_SECONDS) * 1000);
  const wrk = spawn(command, allArgs, { env: { PATH: process.env['PATH'], ...choices(workload) }, signal });
  const closed = once(wrk, 'close');
  const [output] = await Promise.all([text(wrk.stdout), closed]);
  const result = /^RESULT (.*)$/m.exec(output)?.[1];
  if (!result) throw new Error(`expected a result of wrk, got: ${output}`);
  const { requests, microseconds, bytes, refusals, failures, p50, p99 } = JSON.parse(result) as WrkResult;
  if (requests === 0 || refusals + failures > 0 || bytes / requests < leastBytes) {
    throw new Error(`${origin}: expected answers of at least ${leastBytes} bytes to every request, got ${result}`);
  }
  return { requests, requestsPerSecond: (requests * 1e6) / microseconds, p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}

function choices({ query, choice, samples }: Workload): Record<string, string> {
  const [name, value] = Object.entries(samples[0] as object)[0] as [string, unknown];
  const body = JSON.stringify({ query, variables: { [name]: null } });
  runs += 1;
  return {
    BENCH_CHOICE: choice,
    BENCH_BEFORE: body.slice(0, -'null}}'.length),
    BENCH_AFTER: '}}',
    BENCH_VALUE: JSON.stringify(value),
    BENCH_KEY: CLIENT_KEY,
    BENCH_RUN: String(runs),
  };
}
