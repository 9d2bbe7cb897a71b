import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SERVER_CORE } from '../machine/pinned-process.ts';
import { type StartedServer, startServer } from '../machine/started-server.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand } from '../peers/peers.ts';
import { startRedis } from '../simulate/redis-process.ts';
import { ask } from '../workloads/ask.ts';
import { kolId } from '../workloads/kol-ids.ts';

/**
 * What 200 purchases cost after `--backlog` (1400) purchases without the store, and how long cached answers take meanwhile.
 * The same with a healthy store to compare. `--only` names the states of the store that are measured, by a part of their
 * names. A folder as its argument is another checkout, which is measured in place of this.
 */
const { values, positionals } = parseArgs({
  options: { backlog: { type: 'string', default: '1400' }, only: { type: 'string', default: '' } },
  allowPositionals: true,
});
const PURCHASES = 200;
/** Fewer than the connections of `ask`, so that a cached answer does not wait for one. */
const AT_A_TIME = 8;
/** Between two cached answers, in milliseconds. */
const HIT_SPACING_MS = 2;
const QUERY = 'query OneStar($id: ID!) { kol(id: $id) { linkIndex { star { value } } } }';
const CACHED = kolId(1);
const say = (text: string) => void process.stdout.write(`${text}\n`);

await using surroundings = await openSurroundings();
const [tree] = positionals;

interface Outage {
  readonly store: string;
  /** Makes the store unavailable. */
  begin(): void;
}

/** @param start opens a store that is healthy, until its outage begins */
async function measure(label: string, start: (stack: AsyncDisposableStack) => Promise<Outage>): Promise<void> {
  if (!label.includes(values.only)) return;
  await using stack = new AsyncDisposableStack();
  const { store, begin } = await start(stack);
  const { args, env } = gatewayCommand(surroundings, { CACHE_STORE: store });
  const program = tree === undefined ? args : [join(resolve(tree), 'bin/kol-gateway.js')];
  const gateway = stack.use(
    await startServer(SERVER_CORE, { name: 'gateway', args: program, env }, surroundings.folder),
  );
  const backlog = Number(values.backlog);
  await buy(gateway, 1, 1);
  begin();
  await buy(gateway, 2, backlog);

  const stopped = new AbortController();
  const hits = timeHits(gateway, stopped.signal);
  const [startedMs, processorMs] = [performance.now(), gateway.processorMs()];
  await buy(gateway, backlog + 2, PURCHASES);
  const [elapsedMs, usedMs] = [performance.now() - startedMs, gateway.processorMs() - processorMs];
  stopped.abort();
  const tookMs = (await hits).sort((one, other) => one - other);
  const quantile = (of: number) =>
    (tookMs[Math.min(tookMs.length - 1, Math.floor(of * tookMs.length))] ?? 0).toFixed(1);
  say(
    `${label}: ${(usedMs / 1000).toFixed(2)} s of processor time in ${(elapsedMs / 1000).toFixed(2)} s; ` +
      `${tookMs.length} cached answers: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, longest ${quantile(1)} ms`,
  );
}

/** Asks for KOLs that nobody has asked for. @throws when one is not answered */
async function buy({ origin }: StartedServer, first: number, count: number): Promise<void> {
  let next = first;
  const buyInTurn = async () => {
    while (next < first + count) {
      const { text } = await ask(origin, QUERY, { id: kolId(next++) });
      if (!text.includes('"value"') || text.includes('"errors"')) throw new Error(`expected a score, got ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, buyInTurn));
}

async function timeHits({ origin }: StartedServer, stopped: AbortSignal): Promise<number[]> {
  const tookMs: number[] = [];
  while (!stopped.aborted) {
    const askedMs = performance.now();
    await ask(origin, QUERY, { id: CACHED });
    tookMs.push(performance.now() - askedMs);
    await delay(HIT_SPACING_MS);
  }
  return tookMs;
}

async function sqlite(begin: (path: string, stack: AsyncDisposableStack) => void, stack: AsyncDisposableStack) {
  const path = join(surroundings.folder, `${crypto.randomUUID()}.sqlite`);
  return { store: `sqlite:${path}`, begin: () => begin(path, stack) };
}

async function redis(begin: 'none' | 'kill' | 'pause', stack: AsyncDisposableStack): Promise<Outage> {
  const server = stack.use(await startRedis());
  return { store: server.url, begin: () => begin !== 'none' && server[begin]() };
}

/** A folder in the place of the file. */
function breakFile(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  mkdirSync(path);
}

/** Another process that writes, and does not come to an end. */
function lockFile(path: string, stack: AsyncDisposableStack): void {
  const other = new DatabaseSync(path);
  stack.defer(() => other.close());
  other.exec('BEGIN EXCLUSIVE');
}

say(`${PURCHASES} purchases after ${values.backlog}, ${AT_A_TIME} at a time`);
await measure('SQLite, healthy', (stack) => sqlite(() => {}, stack));
await measure('SQLite, its file replaced by a folder', (stack) => sqlite(breakFile, stack));
await measure('SQLite, locked by another process', (stack) => sqlite(lockFile, stack));
await measure('Redis, healthy', (stack) => redis('none', stack));
await measure('Redis, killed', (stack) => redis('kill', stack));
await measure('Redis, stopped (SIGSTOP)', (stack) => redis('pause', stack));
