import { randomUUID } from 'node:crypto';
import { debuglog } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { parseArguments } from './commands/parse-arguments.ts';
import { USAGE, UsageError } from './commands/usage.ts';
import type { Gateway } from './gateway.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import { VERSION } from './version.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** Debug words at which undici prints its requests' paths, and ours hold the token. */
const TALKATIVE = ['undici', 'fetch', 'websocket'];

// Modules are loaded by the command that needs them, for a quick start.
try {
  await run();
} catch (error) {
  process.exitCode = explain(error);
}

async function run(): Promise<void> {
  const command = parseArguments(process.argv.slice(2));
  switch (command.name) {
    case 'help':
      return print(USAGE);
    case 'version':
      return print(VERSION);
    case 'schema': {
      const { printSdl, printSubgraphSdl } = await import('./schema/schema.ts');
      return void process.stdout.write(command.isSubgraph ? printSubgraphSdl() : printSdl());
    }
    case 'keys create': {
      const { createKey } = await import('./commands/keys-create.ts');
      return createKey(command.client, print);
    }
    case 'sandbox': {
      const { sandbox } = await import('./commands/sandbox.ts');
      const server = await sandbox(command.options, print);
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
      return;
    }
    case 'check': {
      const { check } = await import('./commands/check.ts');
      if (!(await check(await loadConfig(), processIdentity(), print))) process.exitCode = EXIT_FAILURE;
      return;
    }
    case 'serve': {
      boundHeapGrowth();
      const config = await loadConfig();
      const { serve } = await import('./commands/serve.ts');
      const { createLogger, openTerminalStream } = await import('./telemetry/logger.ts');
      const terminal = process.stderr.isTTY ? await openTerminalStream() : undefined;
      const log = createLogger(config.logLevel, terminal);
      const writeLine = (line: string) => void (terminal ?? process.stderr).write(`${line}\n`);
      logRejections(log);
      const gateway = await serve({ config, log, identity: processIdentity(), writeLine }, print);
      return stopOnSignal(gateway, config.server.shutdownGraceMs);
    }
    case 'worker': {
      boundHeapGrowth();
      const config = await loadConfig();
      const { worker } = await import('./commands/worker.ts');
      const { createLogger } = await import('./telemetry/logger.ts');
      const log = createLogger(config.logLevel);
      logRejections(log);
      const ending = endOnFault(config.server.shutdownGraceMs);
      const exitCode = await worker({ config, log, identity: processIdentity(), ending });
      process.exit(ending.aborted ? EXIT_FAILURE : exitCode);
    }
  }
}

/**
 * What is kept lives for days, and what is made of it on the way is soon garbage: V8 would let the heap grow to four times
 * what is in use before it looks for that. So it looks when a seventh was added. See docs/decisions/021-memory-of-a-kol.md.
 */
function boundHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=15');
}

async function loadConfig() {
  const { parseConfig } = await import('./config/config.ts');
  if (TALKATIVE.some((name) => debuglog(name).enabled)) {
    throw new UsageError(`NODE_DEBUG: expected not to name ${TALKATIVE.join(', ')}, which would print the token`);
  }
  return parseConfig(process.env);
}

function processIdentity(): ProcessIdentity {
  return { pid: process.pid, name: randomUUID(), isAlive };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and somebody else's
  }
}

/** A rejection that nobody took is a fault of ours, and no reason to lose the purchases of everybody else. */
function logRejections(log: Logger): void {
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
}

/** A worker ends when its owner says so: a terminal sends its signals to both. After a fault it answers what is open, and ends. */
function endOnFault(graceMs: number): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  process.on('uncaughtException', (error) => {
    printError(`kol-gateway: ${error.stack}`);
    ending.abort();
    setTimeout(() => process.exit(EXIT_FAILURE), graceMs);
  });
  return ending.signal;
}

/** The first signal drains, for at most the grace; the second one, and the end of the grace, end every wait. */
function stopOnSignal(gateway: Gateway, graceMs: number): void {
  let isStopping = false;

  async function stop(exitCode: number): Promise<void> {
    if (isStopping) return gateway.hurry();
    isStopping = true;
    const grace = setTimeout(() => gateway.hurry(), graceMs);
    const losses = await gateway.stop();
    clearTimeout(grace);
    if (losses.length > 0) printError(`kol-gateway: lost: ${losses.join('; ')}`);
    // `exit` would wait for a thread that is stuck in the file system, for ever.
    if (gateway.isStuck) process.kill(process.pid, 'SIGKILL');
    process.exit(losses.length > 0 ? EXIT_FAILURE : exitCode);
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));
  process.on('uncaughtException', (error) => {
    printError(`kol-gateway: ${error.stack}`);
    void stop(EXIT_FAILURE);
  });
}

/** @returns the exit code: 2 for a mistake of the caller's, 1 for anything else */
function explain(error: unknown): number {
  if (error instanceof UsageError || (error instanceof Error && error.name === 'ConfigurationError')) {
    printError(`kol-gateway: ${error.message}`);
    return EXIT_USAGE;
  }
  const { syscall, message, stack } = error as NodeJS.ErrnoException;
  // Where workers listen together, the port is bound first.
  const isAddressTrouble = syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo';
  printError(`kol-gateway: ${isAddressTrouble ? `cannot listen: ${message}; choose another host or port` : stack}`);
  return EXIT_FAILURE;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}
