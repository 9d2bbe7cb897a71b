import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { median } from '../compare/median.ts';
import { CLIENT_KEY } from '../machine/client-key.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { ask } from '../workloads/ask.ts';
import { WORKLOADS } from '../workloads/workloads.ts';
import { startReportingGateway } from './started-gateway.ts';

/** What `--connections` (10,000) that have been answered and are kept open cost in memory, and what they do to another's request. */
const { values } = parseArgs({ options: { connections: { type: 'string', default: '10000' } } });
const count = Number(values.connections);
const AT_A_TIME = 50;
const PROBES = 500;
const { query, samples } = WORKLOADS.W1;
const [variables] = samples as [(typeof samples)[0]];
const say = (text: string) => void process.stdout.write(`${text}\n`);

await using surroundings = await openSurroundings();
await using gateway = await startReportingGateway(surroundings, {});
const url = new URL(gateway.origin);

await probe();
const alone = await probe();
const before = await gateway.report();
const sockets = await openConnections();
const after = await gateway.report();
const amongThem = await probe();
const open = sockets.filter((socket) => socket.readyState === 'open').length;

say(`${open} of ${count} connections open and idle after the last probe`);
say(`resident memory per connection: ${((after.residentBytes - before.residentBytes) / count / 1000).toFixed(1)} kB`);
say(
  `resident memory in all: ${(before.residentBytes / 1e6).toFixed(0)} MB, then ${(after.residentBytes / 1e6).toFixed(0)} MB`,
);
say(`a request beside them: ${amongThem}; without them: ${alone}`);
for (const socket of sockets) socket.destroy();

async function openConnections(): Promise<Socket[]> {
  const opened: Socket[] = [];
  const openInTurn = async () => {
    while (opened.length < count) {
      const socket = connect(Number(url.port), url.hostname);
      opened.push(socket);
      socket.on('error', () => {});
      const body = JSON.stringify({ query, variables });
      const head = [
        'POST /graphql HTTP/1.1',
        `host: ${url.host}`,
        'content-type: application/json',
        `authorization: Bearer ${CLIENT_KEY}`,
        `content-length: ${body.length}`,
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
      const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) });
      if (!String(answer).startsWith('HTTP/1.1 200'))
        throw new Error(`expected 200, got ${String(answer).slice(0, 100)}`);
      socket.resume();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, openInTurn));
  return opened;
}

/** One after the other, on a connection that is open. */
async function probe(): Promise<string> {
  const times: number[] = [];
  for (let turn = 0; turn < PROBES; turn += 1) {
    const startedMs = performance.now();
    await ask(gateway.origin, query, variables);
    times.push(performance.now() - startedMs);
  }
  const p99Ms = times.toSorted((a, b) => a - b)[Math.floor(PROBES * 0.99)] ?? Number.NaN;
  return `p50 ${median(times).toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}
