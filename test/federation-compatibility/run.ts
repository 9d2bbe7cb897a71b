import { fileURLToPath } from 'node:url';
import { startProductsServer } from './products-server.ts';
import { startRouter } from './router.ts';
import { type JestReport, runJest } from './run-jest.ts';
import { startSuiteSubgraph } from './suite-subgraph.ts';

/** Counted in version 1.2.1; fewer would mean that jest found only some of them. */
const EXPECTED_TESTS = 23;

/** Set in the suite: its tests ask the router here, and its subgraphs listen there. */
const PORT = { router: 4000, products: 4001, users: 4002, inventory: 4003 };

const suite = fileURLToPath(new URL('suite/node_modules/', import.meta.url));
const compatibility = `${suite}@apollo/federation-subgraph-compatibility-tests/`;

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());

const report = await runSuite(interruption.signal);
process.stdout.write(summaryOf(report));
if (!report.success || report.numTotalTests !== EXPECTED_TESTS || report.numPassedTests !== EXPECTED_TESTS) {
  process.exitCode = 1;
}

async function runSuite(signal: AbortSignal): Promise<JestReport> {
  await using _products = await startProductsServer(PORT.products);
  await using _users = await startSuiteSubgraph(`${compatibility}dist/subgraphs/users/index.js`, signal);
  await using _inventory = await startSuiteSubgraph(`${compatibility}dist/subgraphs/inventory/index.js`, signal);
  await using _router = await startRouter({
    port: PORT.router,
    subgraphs: (['products', 'users', 'inventory'] as const).map((name) => ({ name, url: urlOf(name) })),
  });
  return await runJest({
    jestPath: `${suite}jest/bin/jest.js`,
    testsPath: `${compatibility}dist/tests`,
    configPath: `${compatibility}federation-jest.config.js`,
    productsUrl: urlOf('products'),
    signal,
  });
}

function urlOf(name: keyof typeof PORT): string {
  return `http://localhost:${PORT[name]}/`;
}

function summaryOf({ testResults, numPassedTests }: JestReport): string {
  const lines = testResults.flatMap(({ message, assertionResults }) => [
    ...assertionResults.map(({ status, fullName }) => `${status}  ${fullName}`),
    ...(message && [message]),
  ]);
  return `${lines.join('\n')}\n${numPassedTests} of ${EXPECTED_TESTS} passed\n`;
}
