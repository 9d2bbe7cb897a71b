import { median } from '../compare/median.ts';
import { SERVER_CORE } from '../machine/pinned-process.ts';
import { startServer } from '../machine/started-server.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand } from '../peers/peers.ts';

/** From the start of the process to the first 200 of /readyz, ten times after a first one that fills caches. */
const STARTS = 10;
const POLL_MS = 2;

await using surroundings = await openSurroundings();

async function startOnce(): Promise<number> {
  const startedMs = performance.now();
  const command = { name: 'gateway', ...gatewayCommand(surroundings) };
  await using _gateway = await startServer(SERVER_CORE, command, surroundings.folder, POLL_MS);
  return performance.now() - startedMs;
}

const first = await startOnce();
const times: number[] = [];
for (let turn = 0; turn < STARTS; turn += 1) times.push(await startOnce());
const text = (ms: number) => `${ms.toFixed(0)} ms`;
const [least, most] = [Math.min(...times), Math.max(...times)];
process.stdout.write(
  `ready after ${text(median(times))}, from ${text(least)} to ${text(most)}; the first ${text(first)}\n`,
);
