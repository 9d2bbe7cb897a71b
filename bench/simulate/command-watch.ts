import { createHash } from 'node:crypto';
import { setTimeout as elapsed } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { SCRIPTS } from '../../src/stores/redis/scripts.ts';

/** What a server is asked to do, in its order. */
export interface CommandWatch extends AsyncDisposable {
  /** Commands while `action` runs; those of a script are in brackets behind it. */
  during(action: () => Promise<unknown>): Promise<readonly string[]>;
}

/** What every replica says every few seconds, whether anybody asks for anything or not. */
const BACKGROUND = ['kolgwBeat', 'kolgwAbandon', 'hgetall', 'hmget', 'ping', 'info', 'client', 'subscribe'];
/** `MONITOR` tells a little later than the reply comes. */
const LATE_MS = 300;

const NAMES = new Map(Object.entries(SCRIPTS).map(([name, { lua }]) => [sha1(lua), name]));

export async function watchCommands(port: number): Promise<CommandWatch> {
  // The one that is asked makes a connection of its own for it.
  const client = await new Redis(port, '127.0.0.1', { lazyConnect: true }).monitor();
  let seen: { name: string; inside: string[] }[] = [];
  client.on('monitor', (_time: string, [command = '', first = '']: string[], source: string) => {
    const name = command.toLowerCase();
    if (source === 'lua') return void seen.at(-1)?.inside.push(name);
    seen.push({ name: scriptOf(name, first) ?? name, inside: [] });
  });

  return {
    async during(action) {
      await elapsed(LATE_MS);
      seen = [];
      await action();
      await elapsed(LATE_MS);
      return seen
        .filter(({ name }) => !BACKGROUND.includes(name))
        .map(({ name, inside }) => (inside.length > 0 ? `${name} (${inside.join(', ')})` : name));
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
    },
  };
}

function scriptOf(command: string, first: string): string | undefined {
  if (command === 'evalsha') return NAMES.get(first);
  return command === 'eval' ? NAMES.get(sha1(first)) : undefined;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
