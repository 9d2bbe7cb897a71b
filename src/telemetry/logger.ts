import type { Writable } from 'node:stream';
import { type DestinationStream, destination, type Level, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * JSON lines on standard error, where they don't mix with what a command prints.
 *
 * @param level the least that is written; `silent` writes nothing
 */
export function createLogger(level: Level | 'silent', stream: DestinationStream = destination(2)): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    stream,
  );
}

/** Pino's own serializer prints every property of an error, and an HTTP client's may hold a URL with the token. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  return { type: error.name, message: error.message, stack: error.stack };
}

/**
 * The same lines for a person at a terminal.
 * @param destination a file descriptor, standard error by default
 */
export async function openTerminalStream(destination: number | Writable = 2): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination, colorize: true, translateTime: 'SYS:HH:MM:ss.l' });
}
