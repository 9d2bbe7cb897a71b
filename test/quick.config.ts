import { defineConfig } from 'vitest/config';
import shared from '../vitest.config.ts';

/** The rules of each part by themselves: no process, no browser, no Redis, and none of the long searches of property tests. */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['test/{cache,config,domain,loaders,schema,upstream,workers}/**/*.test.ts', 'test/architecture.test.ts'],
    exclude: [
      '**/*.property.test.ts',
      '**/*redis*',
      '**/processes/**',
      '**/ledgers.test.ts',
      '**/answer-stores.test.ts',
    ],
  },
});
