import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VERDICTS } from '../../src/domain/verdicts.ts';
import { en } from '../../src/page/words/en.ts';
import { zh } from '../../src/page/words/zh.ts';

const ROOT = join(import.meta.dirname, '../..');
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** A dry run is asked for by its header, which neither front end sends. */
const CODES = [...new Set(Object.values(VERDICTS).map(({ errorCode }) => errorCode))].filter(
  (code) => code !== 'WOULD_BUY',
);

describe('an error code', () => {
  test.each(CODES)('%s is explained where people meet it', (code) => {
    expect(textOf('README.md')).toMatch(new RegExp(`^\\| \`${code}\` \\|`, 'm'));
    expect([en.failures[code], zh.failures[code]], 'on the start page').toEqual([
      expect.any(String),
      expect.any(String),
    ]);
  });

  // A refused id is told in the gateway's own words there.
  test.each(CODES.filter((code) => code !== 'BAD_USER_INPUT'))('%s has words in the example', (code) => {
    expect(textOf('examples/kol-comparison/src/failure-words.ts')).toMatch(new RegExp(`^  ${code}: \\{`, 'm'));
  });
});
