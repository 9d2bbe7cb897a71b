import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

/** Apart from the other tests: these need what `npm run test:examples` installs and builds first. */
export default defineConfig({ test: { ...shared.test, include: ['test/examples/*.check.ts'] } });
