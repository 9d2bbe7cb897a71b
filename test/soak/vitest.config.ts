import { defineConfig } from 'vitest/config';
import shared, { LONG } from '../../vitest.config.ts';

/** One at a time: on a machine that is busy with something else, answers are lost that the disk did not take within 50 ms. */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['test/model/**/*.test.ts', 'test/server/fast-lane/**/*.test.ts', ...LONG],
    exclude: ['**/node_modules/**'],
    maxWorkers: 1,
    testTimeout: 600_000,
  },
});
