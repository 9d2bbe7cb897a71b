import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareWorkload } from '../compare/compare-workload.ts';
import { resultTable } from '../compare/table.ts';
import { writeLimitedKeys } from '../machine/client-key.ts';
import { freePort } from '../machine/free-port.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand, type Peer, type Peers, type Surroundings } from '../peers/peers.ts';

/**
 * What doors and windows cost a cached answer (W1): the same build with more and more of them, in turns, so that all see the
 * same machine. A folder as its argument is another checkout, which is measured as well: `node overhead.ts ../../an-older-one`.
 */
const OPTIONS = { rounds: 7, seconds: 4, warmUpSeconds: 3, connections: 32 };
const BASE = 'nothing';

await using surroundings = await openSurroundings();
const limitedKeys = writeLimitedKeys(surroundings.folder);
const manifest = join(surroundings.folder, 'documents.json');
writeFileSync(manifest, JSON.stringify({ ['0'.repeat(64)]: '{ __typename }' }));
const collectorPort = await freePort();
await using collector = createServer((_request, response) => response.end('{}')).listen(collectorPort, '127.0.0.1');

/** Replaces what measures by nothing, which no setting does. */
const withoutMetrics = ['--import', fileURLToPath(new URL('without-metrics.ts', import.meta.url))];
const noKeys = { CLIENT_KEYS_FILE: '' };
const limits = { CLIENT_KEYS_FILE: limitedKeys, TRUSTED_DOCUMENTS_FILE: manifest };
const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}` };

const variants: Peers = {
  [BASE]: variant('no keys, no metrics, no log', { ...noKeys, LOG_LEVEL: 'silent' }, withoutMetrics),
  metrics: variant('metrics', { ...noKeys, LOG_LEVEL: 'silent' }),
  log: variant('metrics, log at info', noKeys),
  keys: variant('metrics, log, client keys: as it comes', {}),
  limits: variant('the same, a rate, a budget and trusted documents', limits),
  tracing: variant('the same, and every request traced', { ...limits, ...tracing }),
};
const [otherTree] = process.argv.slice(2);
const other = otherTree && { other: variant(`as it comes, in ${otherTree}`, {}, [], resolve(otherTree)) };

const results = await compareWorkload('W1', { ...variants, ...(other || {}) }, BASE, OPTIONS, surroundings);
process.stdout.write(`${resultTable(results, { ...variants, ...(other || {}) }, 'of the first')}\n`);
collector.closeAllConnections();

function variant(
  label: string,
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
  tree?: string,
): Peer {
  const command = (_: unknown, found: Surroundings) => {
    const { args, env: usual } = gatewayCommand(found, env);
    const program = tree === undefined ? args : [join(tree, 'bin/kol-gateway.js')];
    return { args: [...nodeOptions, ...program], env: usual };
  };
  return { label, command };
}
