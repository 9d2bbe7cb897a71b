import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { startGateway } from '../started-gateway.ts';
import { watchCommands } from './command-watch.ts';
import { startLocalUpstream } from './local-upstream.ts';
import { kolIdOf } from './redis-answers.ts';
import { startRedis } from './redis-process.ts';

/** Which commands a real Redis gets from real gateways: what each kind of read costs it, in the order in which it is asked. */
const FRESH_SECONDS = 20;
const READS = 200;
const KEY = 'a-key-of-the-benchmark';

await using stack = new AsyncDisposableStack();
const redis = stack.use(await startRedis());
const upstream = stack.use(await startLocalUpstream(500));
const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-bench-'));
stack.defer(() => rmSync(folder, { recursive: true }));
const keyFile = join(folder, 'clients.json');
const sha256 = createHash('sha256').update(KEY).digest('hex');
writeFileSync(
  keyFile,
  JSON.stringify({ clients: [{ name: 'bench', sha256, perMinute: 1_000_000, billedPerDay: 1_000_000 }] }),
);

const env = {
  JUSTONEAPI_ENVIRONMENT: 'prod-global',
  JUSTONEAPI_TOKEN: 'none',
  JUSTONEAPI_BASE_URL: upstream.baseUrl,
  CACHE_STORE: redis.url,
  CACHE_FRESH_SECONDS: String(FRESH_SECONDS),
  LOG_LEVEL: 'silent',
};
const one = stack.use(await startGateway(env));
const other = stack.use(await startGateway(env));
const withKeys = stack.use(await startGateway({ ...env, CLIENT_KEYS_FILE: keyFile }));
const watch = stack.use(await watchCommands(redis.port));

async function read({ origin }: { readonly origin: string }, index: number): Promise<void> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ query: `{ kol(id: "${kolIdOf(index)}") { linkIndex { star { value } } } }` }),
  });
  const text = await response.text();
  if (!response.ok || text.includes('"errors"')) throw new Error(`expected an answer, got ${response.status} ${text}`);
}

async function tell(what: string, action: () => Promise<unknown>): Promise<void> {
  const commands = await watch.during(action);
  process.stdout.write(`\n${what}: ${commands.length}\n${commands.map((command) => `  ${command}\n`).join('')}`);
}

// Their scripts are sent once and then named.
await Promise.all([one, other, withKeys].map((gateway, index) => read(gateway, 100 + index)));
await tell('a miss', () => read(one, 1));
await tell(`${READS} reads from memory`, async () => {
  for (let count = 0; count < READS; count += 1) await read(one, 1);
});
await tell('a read that another replica has bought', () => read(other, 1));
await tell('two replicas that ask for a new KOL at once', () => Promise.all([read(one, 2), read(other, 2)]));
await tell('a read from memory, of a client with a limit per minute', () => read(withKeys, 102));
await tell('a miss of a client with both limits', () => read(withKeys, 3));
await elapsed(FRESH_SECONDS * 1000);
await tell('a stale read and the refresh behind it', async () => {
  await read(one, 2);
  await elapsed(1500);
});
