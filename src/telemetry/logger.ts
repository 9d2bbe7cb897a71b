import type { Writable } from 'node:stream';
import { type DestinationStream, destination, type Level, type Logger, pino } from 'pino';
import { cutValue } from './cut-text.ts';

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
      formatters: { level: (label) => ({ level: label }), log: cutFields },
      // Pino's own would print every property of what it takes for an error.
      serializers: { err: (described: unknown) => described },
    },
    stream,
  );
}

function cutFields({ err, ...fields }: Record<string, unknown>): Record<string, unknown> {
  const cut = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cutValue(value)]));
  // Anything can be thrown; of what is no error, nothing is said but its type.
  return err === undefined ? cut : { ...cut, err: err instanceof Error ? cutValue(err) : { type: typeof err } };
}

/**
 * The same lines for a person at a terminal.
 * @param destination a file descriptor, standard error by default
 */
export async function openTerminalStream(destination: number | Writable = 2): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination, colorize: true, translateTime: 'SYS:HH:MM:ss.l' });
}
