import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unknownSeriesIn } from './metric-names.ts';
import { expectsPromtool, runPromtool } from './promtool.ts';

const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'ops/prometheus-rules.yml');
const RULE_TESTS = join(ROOT, 'ops/prometheus-rules.test.yml');

interface Rule {
  readonly kind: 'record' | 'alert';
  readonly name: string;
  readonly expression: string;
  readonly text: string;
}

/** Read by its layout; promtool says whether it is YAML. */
function readRules(): readonly Rule[] {
  const [, ...texts] = readFileSync(RULES, 'utf8').split(/^ {6}- (?=record:|alert:)/m);
  return texts.map((text) => {
    const [, kind, name] = /^(record|alert): (\S+)$/m.exec(text) ?? [];
    const [, block, line] = /^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.+)$)/m.exec(text) ?? [];
    return { kind: kind as Rule['kind'], name: name ?? '', expression: block ?? line ?? '', text };
  });
}

const rules = readRules();
const alerts = rules.filter(({ kind }) => kind === 'alert');
const recorded = rules.filter(({ kind }) => kind === 'record').map(({ name }) => name);

/** As GitHub makes them from headings. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

const isPromtoolExpected = expectsPromtool();

describe('the rules for Prometheus', () => {
  test.skipIf(!isPromtoolExpected)('are loaded by it', async () => {
    expect(await runPromtool('check', 'rules', RULES)).toContain(`SUCCESS: ${rules.length} rules found`);
  });

  test.skipIf(!isPromtoolExpected)('fire when they should, and not beside it', async () => {
    expect(await runPromtool('test', 'rules', RULE_TESTS)).toContain('SUCCESS');
  });

  test.each(rules)('$name is made of series that exist', ({ expression }) => {
    expect(unknownSeriesIn(expression, recorded)).toEqual([]);
  });

  test.each(alerts)('$name says how bad it is, what happens, and where the remedy stands', ({ name, text }) => {
    const anchors = anchorsOf(readFileSync(join(ROOT, 'docs/operations.md'), 'utf8'));
    expect(text).toMatch(/^ {10}severity: (critical|warning)$/m);
    expect(text).toMatch(/^ {10}summary: .+/m);
    expect(text).toMatch(/^ {10}description: .+/m);
    expect(text).toContain(`          runbook: docs/operations.md#${name.toLowerCase()}\n`);
    expect(anchors).toContain(name.toLowerCase());
  });

  test.each(alerts)('$name has a case in which it fires, and one in which it does not', ({ name }) => {
    const cases = readFileSync(RULE_TESTS, 'utf8')
      .split(/^ {6}- /m)
      .filter((text) => new RegExp(`alertname: ${name}\\b`).test(text));
    const silent = cases.filter((text) => text.includes('exp_alerts: []'));
    expect(silent).not.toEqual([]);
    expect(cases.length).toBeGreaterThan(silent.length);
  });
});
