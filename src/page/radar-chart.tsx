import { Chart, Filler, LineElement, PointElement, RadarController, RadialLinearScale, Tooltip } from 'chart.js';
import { useEffect, useRef } from 'preact/hooks';
import { INDEX_NAMES } from './index-names.ts';
import type { LinkIndex } from './rows.ts';
import { useWords } from './words/words.ts';

Chart.register(RadarController, RadialLinearScale, PointElement, LineElement, Filler, Tooltip);

const DARK = matchMedia('(prefers-color-scheme: dark)');

interface RadarChartProps {
  readonly id: string;
  readonly linkIndex: LinkIndex;
}

/** The six indices against the average of comparable KOLs; a missing one is a gap. */
export function RadarChart({ id, linkIndex }: RadarChartProps) {
  const words = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    if (!canvas.current) return;
    // Its size comes from the box around it from the first drawing on.
    const fixed = { animation: false, maintainAspectRatio: false } as const;
    const chart = new Chart(canvas.current, { type: 'radar', data: { datasets: [] }, options: fixed });
    const draw = () => {
      const colour = coloursOf(document.documentElement);
      chart.data = {
        labels: INDEX_NAMES.map((name) => words.indices[name]),
        datasets: [
          {
            label: words.kol,
            data: INDEX_NAMES.map((name) => linkIndex[name]?.value ?? null),
            borderColor: colour('--accent'),
            backgroundColor: colour('--accent-soft'),
            pointBackgroundColor: colour('--accent'),
            fill: true,
          },
          {
            label: words.average,
            data: INDEX_NAMES.map((name) => linkIndex[name]?.avgValue ?? null),
            borderColor: colour('--muted'),
            pointBackgroundColor: colour('--muted'),
            borderDash: [5, 4],
            fill: false,
          },
        ],
      };
      chart.options = {
        ...fixed,
        elements: { line: { borderWidth: 2 }, point: { radius: 2.5 } },
        scales: {
          r: {
            min: 0,
            max: 100,
            ticks: { stepSize: 25, display: false },
            grid: { color: colour('--line') },
            angleLines: { color: colour('--line') },
            pointLabels: { color: colour('--text'), font: { size: 12 } },
          },
        },
      };
      chart.update();
    };
    draw();
    DARK.addEventListener('change', draw);
    return () => {
      DARK.removeEventListener('change', draw);
      chart.destroy();
    };
  }, [linkIndex, words]);

  return (
    <figure>
      <div class="chart">
        <canvas ref={canvas} role="img" aria-label={words.chart(id)} />
      </div>
      <figcaption aria-hidden="true">
        <span class="key kol">{words.kol}</span> <span class="key average">{words.average}</span>
      </figcaption>
    </figure>
  );
}

function coloursOf(element: Element): (name: string) => string {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(name);
}
