import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The metrics of one process at one time, as data. */
export type Samples = readonly MetricObjectWithValues<MetricValue<string>>[];

/**
 * The metrics of several processes as one, by prom-client's own rules: counters, histograms, memory and processor time are
 * added up; of the event loop's lag it is the mean of the means and of the percentiles, the least and the most.
 *
 * @param first of the process that began first, whose start is the start of all
 * @returns text in Prometheus's format
 */
export function textOfAll(first: Samples, others: readonly Samples[]): Promise<string> {
  return AggregatorRegistry.aggregate([first.map(withStart), ...others].map((samples) => [...samples])).metrics();
}

/** prom-client leaves the time of the start out, for it cannot know which one is meant. */
function withStart(metric: Samples[number]): Samples[number] {
  return metric.name === 'process_start_time_seconds' ? { ...metric, aggregator: 'first' } : metric;
}

/** What a process has counted and will not count again, added to what others had: else a sum falls when a process ends. */
export function countedBy(before: Samples, ended: Samples): Promise<Samples> {
  const counted = ended.filter(({ type }) => COUNTING.has(String(type)));
  return AggregatorRegistry.aggregate([[...before], counted]).getMetricsAsJSON();
}

const COUNTING: ReadonlySet<string> = new Set(['counter', 'histogram']);
