import { defineConfig } from 'vitest/config';

export const LONG = [
  'test/soak/**/*.test.ts',
  'test/drain.test.ts',
  'test/faults/canary-surfaces.test.ts',
  'test/clients/**/*.test.ts',
  'test/page/everyone.browser.test.ts',
];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Longer ones, some of which want the machine for themselves: npm run test:soak and test:replicas.
    exclude: ['**/node_modules/**', 'test/replicas/**', 'test/workers/processes/**', ...LONG],
    // Only what hangs takes so long, also on a machine that is busy with something else.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Many tests wait for a browser, a process or a socket: more at once than there are cores.
    maxWorkers: 4,
    // Tests reach no other host than this one.
    env: { APOLLO_TELEMETRY_DISABLED: 'true' },
    // Else vitest loads graphql's CommonJS build for some importers, and its `instanceof` checks fail.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
    coverage: { include: ['src/**'], exclude: ['src/main.ts'] },
  },
});
