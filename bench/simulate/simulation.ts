import { createGateways } from './gateway-replicas.ts';
import { createCacheModel, createDataLoaderModel } from './simple-models.ts';
import type { Conditions, System } from './system.ts';
import type { Trace } from './trace.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

/** In the order in which they are shown. */
export const SYSTEMS = {
  dataloader: 'DataLoader alone',
  naive: 'LRU per process, no coalescing',
  http: 'collapsing HTTP cache per replica',
  memory: 'kol-gateway, memory only',
  sharedHttp: 'one shared HTTP cache, no collapsing',
  shared: 'kol-gateway, shared store',
} as const;

export type SystemName = keyof typeof SYSTEMS;
export const SYSTEM_NAMES = Object.keys(SYSTEMS) as readonly SystemName[];

const BUILDERS: Readonly<Record<SystemName, (time: VirtualTime, conditions: Conditions) => System>> = {
  dataloader: createDataLoaderModel,
  naive: (time, conditions) => createCacheModel(time, conditions, { isShared: false, collapses: false }),
  http: (time, conditions) => createCacheModel(time, conditions, { isShared: false, collapses: true }),
  memory: (time, conditions) => createGateways({ ...conditions, time, isShared: false }),
  sharedHttp: (time, conditions) => createCacheModel(time, conditions, { isShared: true, collapses: false }),
  shared: (time, conditions) => createGateways({ ...conditions, time, isShared: true }),
};

export interface Result {
  readonly billedCalls: number;
  /** Commands that were sent to the shared store; 0 without one. */
  readonly commandCount: number;
}

/** Leads one trace through one system. @param replicas which of them gets each request */
export async function simulate(
  name: SystemName,
  trace: Trace,
  replicas: Uint8Array,
  conditions: Conditions,
): Promise<Result> {
  const time = createVirtualTime(trace.startMs);
  const system = BUILDERS[name](time, conditions);
  for (const [index, kol] of trace.kols.entries()) {
    const due = time.runUntil(trace.atMs[index] as number);
    if (due) await due;
    if (system.request(replicas[index] as number, kol)) await time.settle();
  }
  await time.runOut();
  system.close?.();
  return { billedCalls: system.billedCalls, commandCount: system.commandCount ?? 0 };
}
