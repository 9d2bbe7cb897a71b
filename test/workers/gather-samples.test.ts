import { expect, test } from 'vitest';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { createGatherSamples } from '../../src/workers/gather-samples.ts';
import { createTestClock } from '../support/test-clock.ts';

const READS = /^kol_gateway_link_index_reads_total\{result="memory"\} (\d+)$/m;

function createCrowd() {
  const clock = createTestClock();
  const owner = createMetrics({
    ...{ endpoints: ['one'], endpoint: () => 'one', inFlight: () => 3, queued: () => 0 },
    ...{ openBreakers: () => [], budgetRemaining: () => 9, budgetLimit: 10 },
  });
  const workers = new Map<number, Metrics>([1, 2].map((id) => [id, createMetrics(undefined)]));
  const silent = new Set<number>();
  const gather = createGatherSamples(async (id, askId) => {
    const samples = await workers.get(id)?.samples();
    if (samples && !silent.has(id)) gather.hear(askId, id, JSON.parse(JSON.stringify(samples)));
  }, clock.timers);
  const text = async () => gather.text(await owner.samples(), [...workers.keys()]);
  return { clock, owner, workers, silent, gather, text };
}

test('the sums are of all workers, and the gauges are of the owner', async () => {
  const { workers, text } = createCrowd();
  for (const [id, metrics] of workers) metrics.noteRead('memory', id);
  const printed = await text();
  expect(printed).toMatch(READS);
  expect(READS.exec(printed)?.[1]).toBe('3');
  expect(printed).toContain('kol_gateway_upstream_in_flight{endpoint="one"} 3\n');
  expect(printed).toContain('kol_gateway_budget_remaining 9\n');
  expect(printed).toMatch(/^process_start_time_seconds \d+$/m);
});

test('what a worker had counted when it was asked last stays in the sum after its end, and is not counted twice', async () => {
  const { workers, gather, text } = createCrowd();
  for (const metrics of workers.values()) metrics.noteRead('memory', 5);
  await text();
  workers.delete(1);
  gather.gone(1);
  workers.set(3, createMetrics(undefined));
  workers.get(3)?.noteRead('memory', 1);
  expect(READS.exec(await text())?.[1]).toBe('11');
  workers.delete(2);
  gather.gone(2);
  expect(READS.exec(await text())?.[1]).toBe('11');
});

test('a worker that does not answer within a second is taken at its last word', async () => {
  const { clock, workers, silent, text } = createCrowd();
  for (const metrics of workers.values()) metrics.noteRead('memory', 5);
  await text();
  for (const metrics of workers.values()) metrics.noteRead('memory', 1);
  silent.add(2);
  const printed = text();
  await expect.poll(() => clock.pending).toBe(1);
  clock.advanceMs(1000);
  expect(READS.exec(await printed)?.[1]).toBe('11');
});
