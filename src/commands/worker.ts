import { hasOwner, type RunWorkerOptions, runWorker } from '../workers/worker.ts';
import { UsageError } from './usage.ts';

/** What a gateway with several `WORKERS` starts; not for people. @returns the exit code */
export async function worker(options: RunWorkerOptions): Promise<number> {
  if (!hasOwner()) throw new UsageError('worker: expected to be started by a gateway with WORKERS above 1');
  return (await runWorker(options)) ? 0 : 1;
}
