import { randomUUID } from 'node:crypto';
import { constants, readFileSync } from 'node:fs';
import { debuglog } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { parseArguments } from './commands/parse-arguments.ts';
import { USAGE, UsageError } from './commands/usage.ts';
import type { RunningGateway } from './gateway.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import { VERSION } from './version.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** The bits of a file's flags that say how it may be accessed. @see open(2), O_ACCMODE */
const ACCESS_MODE = 3;

/** Errors whose message says to a person what to do; the others are faults of ours. */
const EXPLAINED: ReadonlySet<string> = new Set(['StoreInUseError', 'WorkerStartError']);

/** Debug words at which undici prints its requests' paths, and ours hold the token. */
const TALKATIVE = ['undici', 'fetch', 'websocket'];

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Signals that come sooner are copies of the first one: Ctrl-C on `npm start` reaches npm and its child, and npm passes it on. */
const SAME_REQUEST_MS = 2000;

// Modules are loaded by the command that needs them, for a quick start.
try {
  await run();
} catch (error) {
  process.exitCode = explain(error);
  // The channel to the process that started a worker would keep it alive.
  if (process.connected) process.exit();
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
      if (!(await check(await loadConfig(), print, command.options))) process.exitCode = EXIT_FAILURE;
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
      logOwnFaults(log);
      const gateway = await serve({ config, log, identity: processIdentity(), writeLine }, print);
      const stop = createStop(gateway, config.server.shutdownGraceMs);
      onStopSignal(() => stop.begin());
      return;
    }
    case 'worker': {
      boundHeapGrowth();
      const config = await loadConfig();
      const { isWorker, startWorker } = await import('./workers/worker.ts');
      if (!isWorker()) throw new UsageError('worker: expected to be started by a gateway with WORKERS above 1');
      const { createLogger } = await import('./telemetry/logger.ts');
      const log = createLogger(config.logLevel);
      logOwnFaults(log);
      const gateway = await startWorker({ config, log, identity: processIdentity() }, () => stop.begin());
      const stop = createStop(gateway, config.server.shutdownGraceMs);
      // The primary process says when to begin, for it has to stop sending connections first; a terminal signals both.
      onStopSignal(() => stop.hasBegun() && stop.begin());
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
  return { pid: process.pid, name: randomUUID() };
}

/** What Node.js would print by itself: every line on standard error is one of the log. */
function logOwnFaults(log: Logger): void {
  // A fault of ours is no reason to lose all other purchases.
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ err: warning }, 'Node.js warns'));
}

function onStopSignal(stop: () => void): void {
  const isHangupIgnored = isUnderNohup();
  for (const signal of STOP_SIGNALS) process.on(signal, signal === 'SIGHUP' && isHangupIgnored ? () => {} : stop);
}

/**
 * Node.js takes back that SIGHUP is ignored before any JavaScript runs, so two traces of `nohup` stand for it: the name
 * of the command that bash and zsh leave in `_`, and a standard input that can only be written to, as GNU's leaves it
 * in place of a terminal. Both are inherited through npm.
 */
function isUnderNohup(): boolean {
  if (/(^|\/)nohup$/.test(process.env['_'] ?? '')) return true;
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & ACCESS_MODE) === constants.O_WRONLY;
  } catch {
    return false; // not Linux
  }
}

interface Stop {
  /** Drains; asked for again, it ends every wait. */
  begin(): void;
  hasBegun(): boolean;
}

/**
 * The first request drains, for at most the grace. The end of the grace, and a request that comes later than those that
 * are copies of the first, end every wait.
 */
function createStop(gateway: RunningGateway, graceMs: number): Stop {
  let firstMs: number | undefined;

  async function drain(exitCode: number): Promise<void> {
    const grace = setTimeout(() => gateway.forceStop(), graceMs);
    const losses = await gateway.stop();
    clearTimeout(grace);
    if (losses.length > 0) printError(`kol-gateway: lost: ${losses.join('; ')}`);
    // `exit` would wait for a thread that is stuck in the file system, for ever.
    if (gateway.isStuck) process.kill(process.pid, 'SIGKILL');
    process.exit(losses.length > 0 ? EXIT_FAILURE : exitCode);
  }

  function request(exitCode: number): void {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      void drain(exitCode);
    } else if (nowMs - firstMs >= SAME_REQUEST_MS) gateway.forceStop();
  }

  process.on('uncaughtException', (error) => {
    printError(`kol-gateway: ${error.stack}`);
    request(EXIT_FAILURE);
  });
  return { begin: () => request(0), hasBegun: () => firstMs !== undefined };
}

/** @returns the exit code: 2 for a mistake of the caller's, 1 for anything else */
function explain(error: unknown): number {
  if (error instanceof UsageError || (error instanceof Error && error.name === 'ConfigurationError')) {
    printError(`kol-gateway: ${error.message}`);
    return EXIT_USAGE;
  }
  const { name, syscall, message, stack } = error as NodeJS.ErrnoException;
  // The primary process of workers binds the port for them.
  const isAddressTrouble = syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo';
  if (isAddressTrouble) printError(`kol-gateway: cannot listen: ${message}; choose another host or port`);
  else printError(`kol-gateway: ${EXPLAINED.has(name) ? message : stack}`);
  return EXIT_FAILURE;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}
