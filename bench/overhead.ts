import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import autocannon from 'autocannon';
import { startGateway } from './started-gateway.ts';

/**
 * What doors and windows cost a cached answer: the same build with client keys, limits, trusted documents, tracing and logs at
 * `info` against one with none of them, in turns, so that all see the same machine. Prints the median of each and the ratio.
 * A folder as its argument is another checkout, which is measured as well: `node overhead.ts ../../an-older-one`.
 */
const ROUNDS = 7;
const SECONDS = 4;
const KEY = 'a-key-of-the-benchmark';
const BODY = JSON.stringify({
  query: '{ kol(id: "sandbox-sample") { id linkIndex { star { value rank } freshness } } }',
});

const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-bench-'));
const keyFile = join(folder, 'clients.json');
const sha256 = createHash('sha256').update(KEY).digest('hex');
writeFileSync(
  keyFile,
  JSON.stringify({ clients: [{ name: 'bench', sha256, perMinute: 100_000_000, billedPerDay: 1000 }] }),
);
const manifest = join(folder, 'documents.json');
writeFileSync(manifest, JSON.stringify({ ['0'.repeat(64)]: '{ __typename }' }));
const collector = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
await once(collector, 'listening');
const collectorPort = (collector.address() as { port: number }).port;

const variants = {
  off: { LOG_LEVEL: 'silent' },
  'keys, limits, documents, logs': { CLIENT_KEYS_FILE: keyFile, TRUSTED_DOCUMENTS_FILE: manifest },
  'all of it, with tracing': {
    CLIENT_KEYS_FILE: keyFile,
    TRUSTED_DOCUMENTS_FILE: manifest,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
  },
};

async function requestsPerSecond(origin: string, duration: number): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({
    url: `${origin}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: BODY,
    connections: 16,
    duration,
  });
  if (non2xx + errors > 0) throw new Error(`expected only answers, got ${non2xx} refusals and ${errors} errors`);
  return requests.average;
}

await using stack = new AsyncDisposableStack();
stack.defer(() => void collector.close());
const gateways = new Map<string, string>();
const [otherTree] = process.argv.slice(2);
const starts = Object.entries(variants).map(([name, env]) => ({ name, env, tree: undefined as string | undefined }));
if (otherTree) starts.push({ name: `off, in ${otherTree}`, env: variants.off, tree: resolve(otherTree) });
for (const { name, env, tree } of starts) {
  const gateway = stack.use(await startGateway(env, tree));
  gateways.set(name, gateway.origin);
  await requestsPerSecond(gateway.origin, 3);
}

const figures = new Map<string, number[]>([...gateways.keys()].map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, origin] of gateways) figures.get(name)?.push(await requestsPerSecond(origin, SECONDS));
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const base = median(figures.get('off') ?? []);
for (const [name, numbers] of figures) {
  const rate = median(numbers);
  process.stdout.write(`${rate.toFixed(0).padStart(7)} requests/s  ${(rate / base).toFixed(3)}  ${name}\n`);
}
