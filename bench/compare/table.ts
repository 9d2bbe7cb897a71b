import { PEERS, type Peers } from '../peers/peers.ts';
import { WORKLOADS, type WorkloadName } from '../workloads/workloads.ts';
import type { Result } from './compare-workload.ts';

export type Results = ReadonlyMap<WorkloadName, ReadonlyMap<string, Result>>;

/** What each server did with one workload, as a Markdown table that is readable as text too. */
export function resultTable(results: ReadonlyMap<string, Result>, peers: Peers, ofBase: string): string {
  const head = [
    'server',
    'requests/s',
    ofBase,
    'p50, ms',
    'p99, ms',
    'processor, µs per request',
    'resident, MB',
    'upstream calls per request',
  ];
  const rows = [...results].map(([name, result]) => [
    peers[name]?.label ?? name,
    Math.round(result.requestsPerSecond).toLocaleString('en-US'),
    ratioText(result.ofBase),
    result.p50Ms.toFixed(2),
    result.p99Ms.toFixed(2),
    result.processorUs.toFixed(1),
    (result.residentBytes / 1e6).toFixed(0),
    result.upstreamCallsPerRequest.toFixed(3).replace(/\.?0+$/, ''),
  ]);
  return markdownTable([head, ...rows]);
}

/** Every server's fraction of the floor, a column for each workload. */
export function ratioTable(results: Results): string {
  const rows = peersOf(results).map((peer) => [
    labelOf(peer),
    ...[...results.values()].map((row) => ratioText(row.get(peer)?.ofBase)),
  ]);
  return markdownTable([['of the floor', ...results.keys()], ...rows]);
}

/** Those that were run, in the order in which they are listed. */
export function peersOf(results: Results): string[] {
  return Object.keys(PEERS).filter((peer) => [...results.values()].some((row) => row.has(peer)));
}

export function titleOf(name: WorkloadName): string {
  return `${name}: ${WORKLOADS[name].title}`;
}

export function labelOf(peer: string): string {
  return PEERS[peer]?.label ?? peer;
}

export function ratioText(ratio: number | undefined): string {
  return ratio?.toFixed(ratio < 0.1 ? 3 : 2) ?? '–';
}

/** The first column to the left, figures to the right, all padded. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  const [head = [], ...body] = rows;
  return [line(head), line(rule), ...body.map(line)].join('\n');
}
