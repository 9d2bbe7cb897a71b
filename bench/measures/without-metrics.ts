import { createRequire } from 'node:module';

/** Preloaded into a gateway: its metrics count nothing. The module is the gateway's own copy. */
const { Counter, Histogram } = createRequire(new URL('../../package.json', import.meta.url))('prom-client') as Record<
  'Counter' | 'Histogram',
  { prototype: object }
>;
for (const { prototype } of [Counter, Histogram]) Object.assign(prototype, { inc() {}, observe() {} });
