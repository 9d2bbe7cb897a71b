import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { printSdl } from '../src/schema/schema.ts';

test('schema.graphql is what the schema prints (npm run generate)', () => {
  expect(readFileSync('schema.graphql', 'utf8')).toBe(printSdl());
});
