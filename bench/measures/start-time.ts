import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../compare/median.ts';
import { SERVER_CORE } from '../machine/pinned-process.ts';
import { startServer } from '../machine/started-server.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand } from '../peers/peers.ts';

/** From the start of the process to the first 200 of /readyz, by turns, after a first one of each that fills caches. */
const STARTS = 10;
const POLL_MS = 2;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

await using surroundings = await openSurroundings();
const programs = { 'the build': installBuild(), 'a clone': join(ROOT, 'bin/kol-gateway.js') };
let coldFolders = 0;

/** What the published package runs; the command prefers sources where there are any, so it gets a folder without. */
function installBuild(): string {
  if (!existsSync(join(ROOT, 'dist/main.js'))) throw new Error('expected a build in dist: npm run build makes it');
  const folder = join(surroundings.folder, 'package');
  mkdirSync(folder);
  for (const name of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin/kol-gateway.js');
}

/** @returns milliseconds until it was ready, and of processor time until then */
async function startOnce(program: string, compileCache: string): Promise<readonly [number, number]> {
  const startedMs = performance.now();
  const { env } = gatewayCommand(surroundings, { NODE_COMPILE_CACHE: compileCache });
  const command = { name: 'gateway', args: [program], env };
  await using gateway = await startServer(SERVER_CORE, command, surroundings.folder, POLL_MS);
  return [performance.now() - startedMs, gateway.processorMs()];
}

const kinds = Object.entries(programs).flatMap(([label, program]) => [
  { label: `${label}, code compiled before`, program, folder: () => join(surroundings.folder, 'warm') },
  { label: `${label}, compiled anew`, program, folder: () => join(surroundings.folder, `cold-${++coldFolders}`) },
]);
const results = kinds.map((kind) => ({ ...kind, starts: [] as (readonly [number, number])[] }));
for (const { program, folder } of results) await startOnce(program, folder());
for (let turn = 0; turn < STARTS; turn += 1) {
  for (const { program, folder, starts } of results) starts.push(await startOnce(program, folder()));
}

const text = (ms: number) => `${ms.toFixed(0)} ms`;
for (const { label, starts } of results) {
  const waits = starts.map(([waitMs]) => waitMs);
  const work = median(starts.map(([, workMs]) => workMs));
  process.stdout.write(
    `${label}: ready after ${text(median(waits))}, from ${text(Math.min(...waits))} to ${text(Math.max(...waits))}; ${text(work)} of processor time\n`,
  );
}
