import { spawnSync } from 'node:child_process';
import { openSurroundings } from '../machine/surroundings.ts';
import { FLOOR, PEERS } from '../peers/peers.ts';
import type { WorkloadName } from '../workloads/workloads.ts';
import { compareWorkload, type Result } from './compare-workload.ts';
import { parseOptions } from './options.ts';
import { saveRun, writeReport } from './report.ts';
import { ratioTable, resultTable, titleOf } from './table.ts';

/**
 * The gateway against its peers and against the floor, on every workload. `--quick` takes five minutes,
 * `--only floor,gateway --workloads W1,W4` is for daily use. A run of everything goes into docs/performance.md;
 * `--render` puts the last one there again.
 */
const options = parseOptions(process.argv.slice(2));
const say = (text: string) => void process.stdout.write(`${text}\n`);

if (!options.isRenderOnly) await compareAll();
if (options.isWritten) writeReport();

async function compareAll(): Promise<void> {
  if (spawnSync('wrk', ['-v']).error) throw new Error('expected wrk on the PATH: apt-get install wrk');
  await using surroundings = await openSurroundings();
  const results = new Map<WorkloadName, ReadonlyMap<string, Result>>();
  for (const name of options.workloads) {
    const result = await compareWorkload(name, options.peers, FLOOR, options, surroundings);
    results.set(name, result);
    say(`\n### ${titleOf(name)}\n\n${resultTable(result, PEERS, 'of the floor')}`);
  }
  say(`\n${ratioTable(results)}`);
  if (options.isWritten) saveRun(results, options);
}
