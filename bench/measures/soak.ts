import { parseArgs } from 'node:util';
import { median } from '../compare/median.ts';
import { runLoad } from '../compare/run-load.ts';
import { SERVER_CORE } from '../machine/pinned-process.ts';
import { startServer } from '../machine/started-server.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand } from '../peers/peers.ts';
import { check } from '../workloads/ask.ts';
import { fillKols } from '../workloads/fill-kols.ts';
import { WORKLOADS } from '../workloads/workloads.ts';

/**
 * `--minutes` (10) of hits, lists and misses with a memory that is full from the start, so that whatever still grows is
 * a leak. Flat: the median of the last quarter is at most 5 % above that of the second. Exit code 1 when it is not.
 */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const MAX_ENTRIES = 20_000;
const CONNECTIONS = 32;
const TURNS = [
  ['W2', 4],
  ['W4z', 4],
  ['W3', 2],
] as const;
const MOST_GROWTH = 0.05;
const say = (text: string) => void process.stdout.write(`${text}\n`);

await using surroundings = await openSurroundings();
const command = { name: 'gateway', ...gatewayCommand(surroundings, { CACHE_MAX_ENTRIES: String(MAX_ENTRIES) }) };
await using gateway = await startServer(SERVER_CORE, command, surroundings.folder);
await fillKols(gateway.origin, MAX_ENTRIES);

const untilMs = Date.now() + Number(values.minutes) * 60_000;
const samples: number[] = [];
let requests = 0;
while (Date.now() < untilMs) {
  for (const [name, seconds] of TURNS) {
    const leastBytes = await check(gateway.origin, WORKLOADS[name]);
    const result = await runLoad(gateway.origin, WORKLOADS[name], { seconds, leastBytes, connections: CONNECTIONS });
    requests += result.requests;
    samples.push(gateway.residentBytes() / 1e6);
  }
  say(`${new Date().toISOString().slice(11, 19)}  ${samples.slice(-TURNS.length).map(Math.round).join(', ')} MB`);
}

const quarter = (index: number) => {
  const size = samples.length / 4;
  return median(samples.slice(Math.floor(index * size), Math.floor((index + 1) * size)));
};
const growth = quarter(3) / quarter(1) - 1;
const isFlat = growth <= MOST_GROWTH;
say(`${requests.toLocaleString('en-US')} requests, every one answered`);
say(`medians of the quarters: ${[0, 1, 2, 3].map((index) => quarter(index).toFixed(0)).join(', ')} MB`);
say(`${isFlat ? 'flat' : 'NOT flat'}: ${(growth * 100).toFixed(1)} % from the second quarter to the last`);
if (!isFlat) process.exitCode = 1;
