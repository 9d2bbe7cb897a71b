import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unknownSeriesIn } from './metric-names.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly panels: readonly Panel[];
}

// Grafana itself is not run: these are the mistakes that can be seen without it.
const path = join(import.meta.dirname, '../../ops/grafana-dashboard.json');
const dashboard = JSON.parse(readFileSync(path, 'utf8')) as Dashboard;
const charts = dashboard.panels.filter(({ type }) => type !== 'row');

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

describe('the dashboard for Grafana', () => {
  test('has panels with ids of their own, which do not lie on one another', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [index, panel] of dashboard.panels.entries()) {
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
      const under = dashboard.panels.slice(index + 1).find((other) => overlap(panel, other));
      expect([panel.title, under?.title]).toEqual([panel.title, undefined]);
    }
  });

  test('uses no variable that it does not define', () => {
    const builtIn = ['__rate_interval', '__all'];
    const defined = dashboard.templating.list.map(({ name }) => name);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    expect(defined).toContain('datasource');
    for (const name of used) expect([...defined, ...builtIn]).toContain(name);
  });

  test.each(charts)('$title asks the chosen data source for series that exist', ({ datasource, targets = [] }) => {
    expect(datasource?.uid).toMatch(/^\$\{datasource\}$/);
    expect(targets).not.toEqual([]);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (const { expr } of targets) {
      expect(unknownSeriesIn(expr)).toEqual([]);
      expect(expr).toContain('job="$job"');
    }
  });

  test('its lists of jobs and instances come from series that exist', () => {
    const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(definitions).toHaveLength(2);
    for (const definition of definitions) {
      const [, series = ''] = /^label_values\((.+), \w+\)$/.exec(definition) ?? [];
      expect(unknownSeriesIn(series)).toEqual([]);
    }
  });
});
