import type { Block } from './block.ts';
import { SYSTEM_NAMES, SYSTEMS } from './simulation.ts';

const NAME_WIDTH = 40;
const COLUMN_WIDTH = 10;

/** As a table: a line for each system, a column for each count of replicas. */
export function blockText({ freshMs, latencyMs, optimum, replicaCounts, results, requestCount }: Block): string {
  const of = (name: (typeof SYSTEM_NAMES)[number]) => results[name];
  return [
    '',
    `fresh ${durationText(freshMs)}, upstream ${durationText(latencyMs)}; optimum ${countText(optimum)} billed calls = 1`,
    line('replicas', replicaCounts.map(String)),
    ...SYSTEM_NAMES.map((name) =>
      line(
        SYSTEMS[name],
        of(name).map(({ billedCalls }) => (billedCalls / optimum).toFixed(3)),
      ),
    ),
    line(
      '  calls of the last above the optimum',
      of('shared').map(({ billedCalls }) => String(billedCalls - optimum)),
    ),
    line(
      '  its commands to the store per request',
      of('shared').map(({ commandCount }) => (commandCount / requestCount).toFixed(2)),
    ),
  ].join('\n');
}

export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

export function durationText(ms: number): string {
  if (ms <= 60_000) return `${ms / 1000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}

function line(name: string, figures: readonly string[]): string {
  return `  ${name.padEnd(NAME_WIDTH)}${figures.map((figure) => figure.padStart(COLUMN_WIDTH)).join('')}`;
}
