#!/usr/bin/env node
import { debuglog } from 'node:util';
import { parseArguments } from './commands/parse-arguments.ts';
import { USAGE, UsageError } from './commands/usage.ts';
import { VERSION } from './version.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

// Modules are loaded by the command that needs them: a start is quick, and an old Node gets a line instead of a stack.
try {
  assertNodeVersion();
  await run();
} catch (error) {
  process.exitCode = await explain(error);
}

async function run(): Promise<void> {
  const command = parseArguments(process.argv.slice(2));
  switch (command.name) {
    case 'help':
      return print(USAGE);
    case 'version':
      return print(VERSION);
    case 'schema': {
      const { printSdl } = await import('./schema/schema.ts');
      return void process.stdout.write(printSdl());
    }
    case 'sandbox': {
      const { sandbox } = await import('./commands/sandbox.ts');
      const server = await sandbox(command.options, print);
      return closeOnSignal(() => server.close(), 1000);
    }
    case 'check': {
      const { check } = await import('./commands/check.ts');
      if (!(await check(await loadConfig(), print))) process.exitCode = EXIT_FAILURE;
      return;
    }
    case 'serve': {
      const config = await loadConfig();
      const { serve } = await import('./commands/serve.ts');
      const { createLogger } = await import('./telemetry/logger.ts');
      const log = createLogger(config.logLevel);
      // A rejection that nobody took is a fault of ours, and no reason to lose the purchases of everybody else.
      process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
      const gateway = await serve(config, log, print);
      return closeOnSignal(() => gateway.stop(), config.server.shutdownGraceMs);
    }
  }
}

async function loadConfig() {
  const { parseConfig } = await import('./config/config.ts');
  if (debuglog('undici').enabled)
    throw new UsageError('NODE_DEBUG: expected not to name undici, which would print the token');
  return parseConfig(process.env);
}

async function closeOnSignal(close: () => Promise<void>, graceMs: number): Promise<void> {
  const { default: closeWithGrace } = await import('close-with-grace');
  closeWithGrace(
    { delay: Math.max(1, graceMs), skip: ['unhandledRejection', 'beforeExit'], logger: { error: printError } },
    async ({ err }) => {
      if (err) printError(`kol-gateway: ${err.stack}`);
      await close();
    },
  );
}

/** @returns the exit code: 2 for a mistake of the caller's, 1 for anything else */
async function explain(error: unknown): Promise<number> {
  if (error instanceof UsageError) {
    printError(`kol-gateway: ${error.message}`);
    return EXIT_USAGE;
  }
  if (error instanceof Error && error.name === 'ConfigurationError') {
    printError(`kol-gateway: ${error.message}`);
    return EXIT_USAGE;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  printError(
    code === 'EADDRINUSE' ? `kol-gateway: ${message}: choose another PORT` : `kol-gateway: ${(error as Error).stack}`,
  );
  return EXIT_FAILURE;
}

function assertNodeVersion(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 11)) return;
  throw new UsageError(`expected Node.js 24.11 or later, this is ${process.versions.node}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}
