import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // Else vitest loads graphql's CommonJS build for some importers, and its `instanceof` checks fail.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
    coverage: { include: ['src/**'], exclude: ['src/main.ts'] },
  },
});
