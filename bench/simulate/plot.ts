import type { Block } from './block.ts';
import { SYSTEM_NAMES, SYSTEMS, type SystemName } from './simulation.ts';

const [WIDTH, HEIGHT] = [960, 460];
/** Of one panel, within its margins. */
const [PANEL_WIDTH, PANEL_HEIGHT] = [252, 270];
const [LEFT, TOP, GAP] = [62, 64, 42];
const RATIOS = [1, 2, 3, 5, 10, 20];
const MOST = 20;

/** Told apart by dash and mark as well as by colour. The colours are Okabe and Ito's, which colour-blind readers tell apart. */
const LOOKS: Readonly<Record<SystemName, { readonly color: string; readonly dash: string; readonly mark: Mark }>> = {
  dataloader: { color: 'var(--grey)', dash: '2 4', mark: 'square' },
  naive: { color: '#d55e00', dash: '', mark: 'diamond' },
  http: { color: '#cc79a7', dash: '', mark: 'ring' },
  memory: { color: '#0072b2', dash: '6 5', mark: 'dot' },
  sharedHttp: { color: '#e69f00', dash: '8 3 2 3', mark: 'diamond' },
  shared: { color: '#009e73', dash: '', mark: 'square' },
};

type Mark = 'dot' | 'ring' | 'square' | 'diamond';

const STYLE = `
  svg { --paper: #ffffff; --ink: #1f2328; --grey: #6e7781; --rule: #d0d7de; }
  @media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --grey: #9198a1; --rule: #30363d; } }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .small { font-size: 12px; fill: var(--grey); }
  .title { font-size: 14px; font-weight: 600; }`;

export interface Panel {
  readonly title: string;
  readonly block: Block;
}

/** In each panel billed calls over the optimum against the number of replicas, both logarithmic. */
export function plotRatios(panels: readonly Panel[]): string {
  const title = 'Billed calls against the optimum, by number of replicas';
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<title>${title}</title><style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="6" fill="var(--paper)"/>`,
    label(LEFT, 26, 'Billed calls, as a multiple of the optimum', 'class="title"'),
    ...panels.map(panelPlot),
    ...SYSTEM_NAMES.map(legend),
    '</svg>',
  ].join('\n')}\n`;
}

function panelPlot({ title, block }: Panel, index: number): string {
  const { optimum, replicaCounts, results } = block;
  const left = LEFT + index * (PANEL_WIDTH + GAP);
  const x = (replicas: number) => left + (PANEL_WIDTH * Math.log(replicas)) / Math.log(Math.max(...replicaCounts));
  const y = (ratio: number) => TOP + PANEL_HEIGHT * (1 - Math.log(ratio) / Math.log(MOST));
  const curve = (name: SystemName) => {
    const points = results[name].map(({ billedCalls }, column) => {
      return [x(replicaCounts[column] as number), y(billedCalls / optimum)] as const;
    });
    return line(points, name) + points.map(([atX, atY]) => mark(atX, atY, name)).join('');
  };
  return [
    ...RATIOS.map((ratio) => rule(left, y(ratio), ratio)),
    ...replicaCounts.map((count) => label(x(count), TOP + PANEL_HEIGHT + 20, `${count}`, MIDDLE_SMALL)),
    label(left + PANEL_WIDTH / 2, TOP + PANEL_HEIGHT + 38, 'replicas', MIDDLE_SMALL),
    label(left + PANEL_WIDTH / 2, TOP - 12, title, 'text-anchor="middle"'),
    ...SYSTEM_NAMES.map(curve),
  ].join('\n');
}

const MIDDLE_SMALL = 'class="small" text-anchor="middle"';

function rule(left: number, atY: number, ratio: number): string {
  const from = `x1="${left}" x2="${left + PANEL_WIDTH}" y1="${round(atY)}" y2="${round(atY)}"`;
  return `<line ${from} stroke="var(--rule)"/>${label(left - 8, atY + 4, `${ratio} ×`, 'class="small" text-anchor="end"')}`;
}

function legend(name: SystemName, index: number): string {
  const left = LEFT + (index % 3) * (PANEL_WIDTH + GAP);
  const atY = HEIGHT - 52 + 26 * Math.floor(index / 3);
  const sample = line([[left, atY] as const, [left + 34, atY] as const], name) + mark(left + 17, atY, name);
  return `${sample}${label(left + 42, atY + 4, SYSTEMS[name], '')}`;
}

function line(points: readonly (readonly [number, number])[], name: SystemName): string {
  const { color, dash } = LOOKS[name];
  const path = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2.2" stroke-dasharray="${dash}"/>`;
}

function mark(x: number, y: number, name: SystemName): string {
  const { color, mark } = LOOKS[name];
  const at = `translate(${round(x)} ${round(y)})`;
  switch (mark) {
    case 'dot':
      return `<circle transform="${at}" r="3.2" fill="${color}"/>`;
    case 'ring':
      return `<circle transform="${at}" r="6" fill="var(--paper)" stroke="${color}" stroke-width="2"/>`;
    case 'square':
      return `<rect transform="${at}" x="-4" y="-4" width="8" height="8" fill="${color}"/>`;
    case 'diamond':
      return `<rect transform="${at} rotate(45)" x="-3.6" y="-3.6" width="7.2" height="7.2" fill="${color}"/>`;
  }
}

function label(x: number, y: number, text: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${text}</text>`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
