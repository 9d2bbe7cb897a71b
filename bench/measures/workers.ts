import { availableParallelism } from 'node:os';
import { compareWorkload } from '../compare/compare-workload.ts';
import { pinNothing } from '../machine/pinned-process.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand, type Peers } from '../peers/peers.ts';

/**
 * Cached answers by one worker, by two, and so on up to one for each core. Nothing is pinned, so the load takes its share of
 * the same cores: what grows here grows more where the load comes from another machine.
 */
const OPTIONS = { rounds: 7, seconds: 3, warmUpSeconds: 3, connections: 64 };
const BASE = 'workers-1';

pinNothing();
await using surroundings = await openSurroundings();
const counts = Array.from({ length: availableParallelism() }, (_, index) => index + 1);
const variants: Peers = Object.fromEntries(
  counts.map((count) => [
    `workers-${count}`,
    { label: `WORKERS=${count}`, command: (_, found) => gatewayCommand(found, { WORKERS: String(count) }) },
  ]),
);

for (const workload of ['W1', 'W2'] as const) {
  const results = await compareWorkload(workload, variants, BASE, OPTIONS, surroundings);
  for (const [name, { requestsPerSecond, ofBase = 1, p99Ms }] of results) {
    process.stdout.write(
      `${workload}, ${name}: ${requestsPerSecond.toFixed(0)} requests/s, ${ofBase.toFixed(2)} of one, p99 ${p99Ms.toFixed(1)} ms\n`,
    );
  }
}
