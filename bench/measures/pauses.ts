import { parseArgs } from 'node:util';
import { runLoad } from '../compare/run-load.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { check } from '../workloads/ask.ts';
import { fillKols } from '../workloads/fill-kols.ts';
import { WORKLOADS } from '../workloads/workloads.ts';
import { startReportingGateway } from './started-gateway.ts';

/** The longest pauses under W2 with `--entries` KOLs (100,000) in memory, over `--seconds` (30). */
const { values } = parseArgs({
  options: { entries: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '30' } },
});
const WARM_UP_SECONDS = 3;
const CONNECTIONS = 32;
const say = (text: string) => void process.stdout.write(`${text}\n`);

await using surroundings = await openSurroundings();
const env = { CACHE_MAX_ENTRIES: values.entries, CACHE_STORE: 'memory:' };
await using gateway = await startReportingGateway(surroundings, env);
await fillKols(gateway.origin, Number(values.entries));
const leastBytes = await check(gateway.origin, WORKLOADS.W2);
const load = { connections: CONNECTIONS, leastBytes };
await runLoad(gateway.origin, WORKLOADS.W2, { ...load, seconds: WARM_UP_SECONDS });
await gateway.report();
const result = await runLoad(gateway.origin, WORKLOADS.W2, { ...load, seconds: Number(values.seconds) });
const { longestCollectionMs, longestLoopDelayMs, residentBytes } = await gateway.report();

say(`W2, ${values.seconds} s, ${values.entries} KOLs in memory: ${result.requestsPerSecond.toFixed(0)} requests/s`);
say(`longest collection of garbage: ${longestCollectionMs.toFixed(1)} ms`);
say(`longest delay of the event loop: ${longestLoopDelayMs.toFixed(1)} ms`);
say(
  `p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms, resident ${(residentBytes / 1e6).toFixed(0)} MB`,
);
