import { FLOOR } from '../peers/peers.ts';
import type { WorkloadName } from '../workloads/workloads.ts';

import { labelOf, peersOf, type Results, ratioText, titleOf } from './table.ts';

const WIDTH = 960;
/** Of the servers' names, and of one workload's bars. */
const [NAMES_WIDTH, PANEL_GAP] = [292, 12];
const [TOP, ROW_HEIGHT, BAR_HEIGHT] = [76, 26, 15];
/** Beside a bar, for its figure. */
const FIGURE_WIDTH = 36;

const STYLE = `
  svg { --paper: #ffffff; --ink: #1f2328; --grey: #59636e; --rule: #d0d7de; --other: #8c959f; --own: #0072b2; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --grey: #9198a1; --rule: #30363d; --other: #6e7681; --own: #56b4e9; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .small { font-size: 11.5px; fill: var(--grey); }
  .title { font-size: 14px; font-weight: 600; }
  .own { font-weight: 600; }`;

/** A panel for each workload, a bar for each server: requests per second as a fraction of the floor. */
export function plotResults(results: Results): string {
  const peers = peersOf(results).filter((peer) => peer !== FLOOR);
  const workloads = [...results.keys()];
  const height = TOP + peers.length * ROW_HEIGHT + 20;
  const panelWidth = (WIDTH - NAMES_WIDTH - 16) / workloads.length - PANEL_GAP;
  // A lucky server can be ahead of the floor.
  const most = Math.max(
    1,
    ...workloads.flatMap((name) => peers.map((peer) => results.get(name)?.get(peer)?.ofBase ?? 0)),
  );
  const title = 'Requests per second, as a fraction of a bare node:http server (1 = the floor)';
  const panels = workloads.map((name, index) => {
    const left = NAMES_WIDTH + index * (panelWidth + PANEL_GAP);
    return panel(name, results, peers, { left, scale: (panelWidth - FIGURE_WIDTH) / most, height });
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title><style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="var(--paper)"/>`,
    text(16, 28, title, 'class="title"'),
    ...peers.map((peer, row) => text(NAMES_WIDTH - 14, middleOf(row) + 4, labelOf(peer), nameAttributes(peer))),
    ...panels,
    '</svg>',
  ].join('\n')}\n`;
}

interface Place {
  readonly left: number;
  /** Pixels for the floor's speed. */
  readonly scale: number;
  readonly height: number;
}

function panel(name: WorkloadName, results: Results, peers: readonly string[], { left, scale, height }: Place): string {
  const line = (at: number) =>
    `<line x1="${round(at)}" x2="${round(at)}" y1="${TOP - 8}" y2="${height - 16}" stroke="var(--rule)"/>`;
  const bars = peers.map((peer, row) => {
    const ratio = results.get(name)?.get(peer)?.ofBase;
    const width = round((ratio ?? 0) * scale);
    const color = isOwn(peer) ? 'var(--own)' : 'var(--other)';
    const bar = `<rect x="${round(left)}" y="${middleOf(row) - BAR_HEIGHT / 2}" width="${width}" height="${BAR_HEIGHT}" fill="${color}"/>`;
    return (
      bar + text(left + width + 4, middleOf(row) + 4, ratioText(ratio), `class="small${isOwn(peer) ? ' own' : ''}"`)
    );
  });
  return [
    `<g><title>${titleOf(name)}</title>`,
    text(left, TOP - 18, name, 'class="title"'),
    line(left),
    line(left + scale),
    text(left + scale, TOP - 18, '1', 'class="small" text-anchor="middle"'),
    ...bars,
    '</g>',
  ].join('\n');
}

function isOwn(peer: string): boolean {
  return peer.startsWith('gateway');
}

function nameAttributes(peer: string): string {
  return `text-anchor="end"${isOwn(peer) ? ' class="own"' : ''}`;
}

function middleOf(row: number): number {
  return TOP + row * ROW_HEIGHT + ROW_HEIGHT / 2;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${content}</text>`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
