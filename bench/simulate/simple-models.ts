import type { Conditions, System } from './system.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface CacheModel {
  /** One cache for all replicas, or one in each. */
  readonly isShared: boolean;
  /** Whether those who ask while a call for the same KOL is under way wait for it. */
  readonly collapses: boolean;
}

/**
 * A cache that keeps each answer for its fresh lifetime from when it came, has room for all of them, and costs no time to
 * ask. A newer answer replaces an older one.
 */
export function createCacheModel(time: VirtualTime, conditions: Conditions, model: CacheModel): System {
  const { replicaCount, kolCount, freshMs, latencyMs } = conditions;
  const slotCount = model.isShared ? kolCount : kolCount * replicaCount;
  const freshUntilMs = new Float64Array(slotCount);
  const callUntilMs = new Float64Array(slotCount);
  let billedCalls = 0;

  return {
    get billedCalls() {
      return billedCalls;
    },
    request(replica, kol) {
      const slot = model.isShared ? kol : replica * kolCount + kol;
      const nowMs = time.nowMs();
      if (nowMs < (freshUntilMs[slot] as number)) return false;
      if (model.collapses && nowMs < (callUntilMs[slot] as number)) return false;
      billedCalls += 1;
      callUntilMs[slot] = nowMs + latencyMs;
      time.afterQuietly(latencyMs, () => {
        freshUntilMs[slot] = time.nowMs() + freshMs;
      });
      return false;
    },
  };
}

/** A batch that ends with its request: whatever is asked for is bought. Each request of the trace names one KOL. */
export function createDataLoaderModel(): System {
  let billedCalls = 0;
  return {
    get billedCalls() {
      return billedCalls;
    },
    request() {
      billedCalls += 1;
      return false;
    },
  };
}
