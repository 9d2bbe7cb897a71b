import { optimumOf } from './optimum.ts';
import { type Result, SYSTEM_NAMES, type SystemName, simulate } from './simulation.ts';
import type { Conditions } from './system.ts';
import { spreadOver, type Trace } from './trace.ts';

/** What all systems bought for one trace, with one fresh lifetime and one latency. */
export interface Block {
  readonly freshMs: number;
  readonly latencyMs: number;
  readonly requestCount: number;
  /** Billed calls. */
  readonly optimum: number;
  readonly replicaCounts: readonly number[];
  /** For each system its result with each count of replicas. */
  readonly results: Readonly<Record<SystemName, readonly Result[]>>;
}

/** As a load balancer that knows nothing; the same for every system. */
export function balance(trace: Trace, replicaCount: number): Uint8Array {
  return spreadOver(replicaCount, trace.kols.length, 1 + replicaCount);
}

export async function runBlock(
  trace: Trace,
  replicaCounts: readonly number[],
  varied: Pick<Conditions, 'freshMs' | 'latencyMs'>,
): Promise<Block> {
  const { kolCount, kols } = trace;
  const results: Partial<Record<SystemName, readonly Result[]>> = {};
  for (const name of SYSTEM_NAMES) {
    const row: Result[] = [];
    for (const replicaCount of replicaCounts) {
      row.push(await simulate(name, trace, balance(trace, replicaCount), { ...varied, replicaCount, kolCount }));
    }
    results[name] = row;
  }
  const optimum = optimumOf(trace, varied);
  return { ...varied, requestCount: kols.length, optimum, replicaCounts, results: results as Block['results'] };
}
