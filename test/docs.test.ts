import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';

/** A path with at least one folder, as documents name a file. */
const NAMED_FILE = /(?<![\w/@.-])(?:[a-z0-9-]+\/)+[a-z0-9.-]+\.(?:tsx?|js|yml|json)(?!\w)/g;
/** Files of a reader's own project, which the README has them write. */
const OF_READERS = ['src/compare.ts'];

const files = globSync('{bench,bin,docs,examples,ops,src,test}/**/*', { exclude: ['**/node_modules/**'] });

/** A document names a file from the root, or from `src` or another folder that its sentence is about. */
function exists(named: string): boolean {
  return files.some((path) => path === named || path.endsWith(`/${named}`));
}

test.each(globSync(['*.md', 'docs/**/*.md']))('%s names no file that is gone', (document) => {
  const named = readFileSync(document, 'utf8').match(NAMED_FILE) ?? [];
  const gone = named.filter((path) => !OF_READERS.includes(path) && !exists(path));
  expect(gone, `files that ${basename(document)} names`).toEqual([]);
});
