import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { Timers } from '../domain/time.ts';
import type { Samples } from '../telemetry/metrics.ts';

/** A worker that does not answer for so long is counted by its last samples, in milliseconds. */
const SAMPLES_MS = 1000;

/** The metrics of all processes, those that have ended included: else a sum would fall with each that ends. */
export interface ClusterMetrics {
  /** @param workerIds the workers that can answer; in Prometheus's text format */
  text(workerIds: readonly number[]): Promise<string>;
  onSamples(workerId: number, requestId: number, samples: Samples): void;
  /** What the worker counted since its last samples is lost. */
  onExit(workerId: number): void;
}

/**
 * By prom-client's own rules: counters, histograms, memory and processor time are added up; each other metric names its rule.
 * prom-client's `clusterMetrics` forgets what an ended worker has counted, and fails as a whole where one worker hangs.
 *
 * @param request asks a worker for its samples, which come with the same id
 */
export function createClusterMetrics(request: (workerId: number, id: number) => void, timers: Timers): ClusterMetrics {
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  const lastSamples = new Map<number, Samples>();
  const open = new Map<number, () => void>();
  let countedByEnded: Promise<Samples> = Promise.resolve([]);
  let lastId = 0;

  function ask(workerId: number): Promise<void> {
    lastId += 1;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = timers.after(SAMPLES_MS, resolve);
    open.set(id, resolve);
    request(workerId, id);
    return promise.finally(() => {
      cancel();
      open.delete(id);
    });
  }

  return {
    async text(workerIds) {
      await Promise.all(workerIds.map(ask));
      const samples = (await own.getMetricsAsJSON()).map(withStart);
      return aggregate([samples, await countedByEnded, ...lastSamples.values()]).metrics();
    },
    onSamples(workerId, requestId, samples) {
      lastSamples.set(workerId, samples);
      open.get(requestId)?.();
    },
    onExit(workerId) {
      const samples = lastSamples.get(workerId)?.filter(({ type }) => COUNTING.has(String(type)));
      lastSamples.delete(workerId);
      if (samples) countedByEnded = countedByEnded.then((before) => aggregate([before, samples]).getMetricsAsJSON());
    },
  };
}

const COUNTING: ReadonlySet<string> = new Set(['counter', 'histogram']);

function aggregate(all: readonly Samples[]): Registry {
  return AggregatorRegistry.aggregate(all.map((samples) => [...samples]));
}

/** prom-client leaves the time of the start out, for it cannot know which one is meant: it is the primary's. */
function withStart(metric: Samples[number]): Samples[number] {
  return metric.name === 'process_start_time_seconds' ? { ...metric, aggregator: 'first' } : metric;
}
