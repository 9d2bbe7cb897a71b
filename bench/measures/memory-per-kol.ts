import { parseArgs } from 'node:util';
import { openSurroundings } from '../machine/surroundings.ts';
import { fillKols } from '../workloads/fill-kols.ts';
import { startReportingGateway } from './started-gateway.ts';

/** Resident memory per cached KOL, `--entries` of them (1,000,000), all of them bought through lists. */
const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } });
const entries = Number(values.entries);
/** Bought before the first look, so that code and buffers that come with buying are not counted. */
const FIRST = 5000;
const say = (text: string) => void process.stdout.write(`${text}\n`);

await using surroundings = await openSurroundings();
await using gateway = await startReportingGateway(surroundings, {
  CACHE_MAX_ENTRIES: String(entries),
  CACHE_STORE: 'memory:',
});
await fillKols(gateway.origin, FIRST);
const before = await gateway.report();
const startedMs = performance.now();
const progress = setInterval(() => say(`… ${(gateway.residentBytes() / 1e6).toFixed(0)} MB resident`), 60_000);
await fillKols(gateway.origin, entries).finally(() => clearInterval(progress));
const seconds = (performance.now() - startedMs) / 1000;
const residentAtEnd = gateway.residentBytes();
const after = await gateway.report();

const added = entries - FIRST;
const perKol = (bytes: number) => `${(bytes / added).toFixed(0)} bytes`;
say(`${added.toLocaleString('en-US')} KOLs bought in ${seconds.toFixed(0)} s`);
say(`resident memory per KOL: ${perKol(after.residentBytes - before.residentBytes)} after a collection of garbage,`);
say(`  ${perKol(residentAtEnd - before.residentBytes)} as it stood; ${(residentAtEnd / 1e6).toFixed(0)} MB in all`);
say(`of it on V8's heap: ${perKol(after.heapUsedBytes - before.heapUsedBytes)}`);
say(`longest collection of garbage while buying: ${after.longestCollectionMs.toFixed(1)} ms`);
