import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { PEERS } from '../peers/peers.ts';
import type { WorkloadName } from '../workloads/workloads.ts';
import type { CompareOptions, Result } from './compare-workload.ts';
import { plotResults } from './plot.ts';
import { type Results, ratioTable, resultTable, titleOf } from './table.ts';

/** The last full run, so that the page can be written again without another. */
const RESULTS = new URL('../results.json', import.meta.url);
const PAGE = new URL('../../docs/performance.md', import.meta.url);
const PLOT = new URL('../../docs/performance.svg', import.meta.url);

const START = '<!-- written by `npm run bench`: from here -->';
const END = '<!-- written by `npm run bench`: to here -->';

const INTRODUCTION = `\`npm ci --prefix bench && npm run --prefix bench bench\`: the same requests, checked before and after, to servers that
have the same graph and the same upstream; each alone on one core, the load and the upstream on the other. The floor is a bare
node:http server that parses the body and writes an answer that is there already. In W1 to W4z everything is cached; in W3
nothing is, and every server keeps its connections to the upstream open. The gateway asks for client keys, keeps its metrics
and its log, and stores what it bought in SQLite, in W3 in memory as the others do. Every peer is set up as its own
documentation has it (bench/peers).`;

interface SavedRun {
  readonly conditions: string;
  readonly workloads: Readonly<Partial<Record<WorkloadName, Readonly<Record<string, Result>>>>>;
}

/** Keeps the figures of a full run. */
export function saveRun(results: Results, { rounds, seconds, connections }: CompareOptions): void {
  const conditions = `${cpus()[0]?.model.trim()}, Node.js ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}: ${connections} connections of wrk, ${rounds} interleaved rounds of ${seconds} s, medians.`;
  const workloads = Object.fromEntries([...results].map(([name, peers]) => [name, Object.fromEntries(peers)]));
  writeFileSync(RESULTS, `${JSON.stringify({ conditions, workloads }, undefined, 2)}\n`);
}

/** Puts the saved figures into docs/performance.md, between two markers, and draws docs/performance.svg. */
export function writeReport(): void {
  const { conditions, workloads } = JSON.parse(readFileSync(RESULTS, 'utf8')) as SavedRun;
  const results: Results = new Map(
    Object.entries(workloads).map(([name, peers]) => [name as WorkloadName, new Map(Object.entries(peers))]),
  );
  writeFileSync(PLOT, plotResults(results));
  const section = [
    START,
    '## Against its peers',
    INTRODUCTION,
    conditions,
    '![Requests per second as a fraction of the floor](performance.svg)',
    ratioTable(results),
    ...[...results].map(([name, peers]) => `### ${titleOf(name)}\n\n${resultTable(peers, PEERS, 'of the floor')}`),
    END,
  ].join('\n\n');
  writeFileSync(PAGE, replaceSection(readFileSync(PAGE, 'utf8'), section));
}

function replaceSection(page: string, section: string): string {
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  if (start < 0 || end < start) return `${page.trimEnd()}\n\n${section}\n`;
  return page.slice(0, start) + section + page.slice(end + END.length);
}
