import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

/** Several processes each: one test at a time. */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['test/replicas/**/*.test.ts', 'test/workers/processes/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    maxWorkers: 1,
    testTimeout: 180_000,
  },
});
