import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { type PinnedProcess, processorMs, residentBytes, startPinned } from './pinned-process.ts';

export interface StartedServer extends AsyncDisposable {
  readonly origin: string;
  readonly pid: number;
  residentBytes(): number;
  processorMs(): number;
}

export interface ServerCommand {
  readonly name: string;
  readonly args: readonly string[];
  /** It listens on `PORT` of 127.0.0.1. */
  readonly env: Readonly<Record<string, string>>;
}

const START_MS = 60_000;
const POLL_MS = 20;

/**
 * A server in a process of its own, on one core, that has answered once.
 * @param folder takes what it prints
 */
export async function startServer(
  core: number,
  command: ServerCommand,
  folder: string,
  pollMs = POLL_MS,
): Promise<StartedServer> {
  const port = await freePort();
  const outputFile = join(folder, `${command.name}-${port}.log`);
  const env = { NODE_ENV: 'production', ...command.env, PORT: String(port) };
  const child = startPinned(core, command.args, env, outputFile);
  const origin = `http://127.0.0.1:${port}`;
  const isUp = await answers(origin, child, pollMs);
  if (!isUp) {
    await child[Symbol.asyncDispose]();
    throw new Error(`${command.name} did not start:\n${readFileSync(outputFile, 'utf8').slice(-2000)}`);
  }
  return {
    origin,
    pid: child.pid,
    residentBytes: () => residentBytes(child.pid),
    processorMs: () => processorMs(child.pid),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function answers(origin: string, child: PinnedProcess, pollMs: number): Promise<boolean> {
  const untilMs = Date.now() + START_MS;
  while (Date.now() < untilMs && !child.hasExited()) {
    const response = await fetch(`${origin}/readyz`).catch(() => undefined);
    await response?.arrayBuffer();
    // Only the gateway has the route, and says 503 while it starts.
    if (response && response.status !== 503) return true;
    await delay(pollMs);
  }
  return false;
}
