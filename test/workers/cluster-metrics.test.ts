import { expect, test } from 'vitest';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { createClusterMetrics } from '../../src/workers/cluster-metrics.ts';
import { createTestClock } from '../support/test-clock.ts';

const READS = /^kol_gateway_link_index_reads_total\{result="memory"\} (\d+)$/m;

/** The metrics of one worker, whose shared values are as it knows them. */
function createWorkerMetrics(
  budgetRemaining = 9,
  openBreakers: readonly string[] = [],
  reading = { amount: '123.4500', currency: 'CNY', readAtMs: 2000 },
): Metrics {
  return createMetrics({
    ...{ endpoints: ['one'], endpoint: () => 'one', inFlight: () => 3, queued: () => 0 },
    ...{ openBreakers: () => openBreakers, budgetRemaining: () => budgetRemaining, budgetLimit: 10 },
    clockOffsetMs: () => 2000,
    balance: { intervalMs: 300_000, last: () => reading },
  });
}

function setUp() {
  const clock = createTestClock();
  const workers = new Map<number, Metrics>([
    [1, createWorkerMetrics(9)],
    [2, createWorkerMetrics(8, ['quota'], { amount: '124', currency: 'CNY', readAtMs: 1000 })],
  ]);
  const silent = new Set<number>();
  const cluster = createClusterMetrics(async (workerId, id) => {
    const samples = await workers.get(workerId)?.samples();
    if (samples && !silent.has(workerId)) cluster.onSamples(workerId, id, JSON.parse(JSON.stringify(samples)));
  }, clock.timers);
  return { clock, workers, silent, cluster, text: () => cluster.text([...workers.keys()]) };
}

test('counters and calls in flight are added up, and what is shared appears once', async () => {
  const { workers, text } = setUp();
  for (const [id, metrics] of workers) metrics.noteRead('memory', id);
  const printed = await text();
  expect(READS.exec(printed)?.[1]).toBe('3');
  for (const line of [
    'kol_gateway_upstream_in_flight{endpoint="one"} 6',
    'kol_gateway_upstream_breaker_open{reason="quota"} 1',
    'kol_gateway_upstream_breaker_open{reason="account"} 0',
    'kol_gateway_budget_limit 10',
    'kol_gateway_budget_remaining 8',
    'kol_gateway_clock_offset_seconds 2',
    'kol_gateway_upstream_balance{currency="CNY"} 123.45',
    'kol_gateway_upstream_balance_read_timestamp_seconds 2',
    'kol_gateway_upstream_balance_interval_seconds 300',
  ])
    expect(printed.split('\n').filter((each) => each === line)).toEqual([line]);
  expect(printed).toMatch(/^process_start_time_seconds \d+$/m);
});

test('what a worker had counted at the last scrape stays in the sum after its end, and is not counted twice', async () => {
  const { workers, cluster, text } = setUp();
  for (const metrics of workers.values()) metrics.noteRead('memory', 5);
  await text();
  workers.delete(1);
  cluster.onExit(1);
  workers.set(3, createWorkerMetrics());
  workers.get(3)?.noteRead('memory', 1);
  expect(READS.exec(await text())?.[1]).toBe('11');
  workers.delete(2);
  cluster.onExit(2);
  expect(READS.exec(await text())?.[1]).toBe('11');
});

test('a worker that does not answer within a second is counted by its last samples', async () => {
  const { clock, workers, silent, text } = setUp();
  for (const metrics of workers.values()) metrics.noteRead('memory', 5);
  await text();
  for (const metrics of workers.values()) metrics.noteRead('memory', 1);
  silent.add(2);
  const printed = text();
  await expect.poll(() => clock.pending).toBe(1);
  clock.advanceMs(1000);
  expect(READS.exec(await printed)?.[1]).toBe('11');
});
