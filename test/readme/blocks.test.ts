import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BEGINNINGS, type BlockName, block, NOT_RUN, ROOT, readBlocks } from './blocks.ts';

const names = Object.keys(BEGINNINGS) as BlockName[];
const sources = globSync(join(import.meta.dirname, '{*.test,front-end-project}.ts')).map((path) =>
  readFileSync(path, 'utf8'),
);

test('every fenced block of the README is known here', () => {
  const known = names.map(block);
  const unknown = readBlocks().filter(({ text }) => !known.includes(text));
  expect(unknown).toEqual([]);
});

test.each(names)('the block "%s" is run by a test, or it is said why not', (name) => {
  const isRun = sources.some((source) => source.includes(`block('${name}')`));
  expect(isRun).toBe(NOT_RUN[name] === undefined);
});

test('what is not run here is run by the continuous integration', () => {
  const scripts = ['.ci/run', '.ci/check-start'].map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n');
  for (const name of Object.keys(NOT_RUN) as BlockName[]) {
    const [install = '', command = ''] = BEGINNINGS[name].trim().split(' && ');
    expect(scripts).toMatch(new RegExp(`\\b${install} && [({ ]*${command}\\b`));
  }
});
