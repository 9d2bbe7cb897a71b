import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll } from 'vitest';
import { parseRedisLocation, type RedisLocation } from '../../src/config/redis-location.ts';
import { connectRedis, type RedisClient } from '../../src/stores/redis/client.ts';
import { createRedisKeys, type RedisKeys } from '../../src/stores/redis/keys.ts';
import type { RedisLink } from '../../src/stores/redis/link.ts';
import { startRedis } from './redis-server.ts';

/** Fails each command before it is sent, or only after it was carried out, as when a connection is lost in between. */
export type LinkFault = 'none' | 'away' | 'loses-replies';

/** A link that fails when it is told to, and never because the machine is slow. */
export interface SteadyLink extends RedisLink {
  fault: LinkFault;
  /** Holds back the replies of what is sent from now on. */
  hold(): void;
  /** Lets every reply go. Settles when what it brings has happened. */
  release(): Promise<void>;
}

type Command = (...args: readonly (string | number)[]) => Promise<unknown>;

/** The server's clock goes on while a command is under way, so a millisecond of the clock in its place is taken for a minute. */
const MINUTE_MS = 60_000;
/** The scripts that choose a day, whose first argument is a midnight. */
const CHOOSING: readonly string[] = ['kolgwReserve', 'kolgwSpent'];

/** @param serverNowMs what the server's clock is taken to say, for a server's own cannot be set */
export function createSteadyLink(client: RedisClient, serverNowMs: () => number = Date.now): SteadyLink {
  let gate = Promise.withResolvers<void>();
  gate.resolve();

  const link: SteadyLink = {
    fault: 'none',
    get isUp() {
      return link.fault === 'none';
    },
    firstUp: Promise.resolve(),
    async run(command) {
      if (link.fault === 'away') throw new Error('Redis is unavailable');
      const { promise: held } = gate;
      const reply = await command(client);
      await held;
      if (link.fault !== 'none') throw new Error('the connection was lost');
      return reply;
    },
    read: (command) => link.run(command),
    script(name, keys, ...args) {
      const values = CHOOSING.includes(name)
        ? [Date.now() + MINUTE_MS * (Number(args[0]) - serverNowMs()), ...args.slice(1)]
        : args;
      return link.run(
        (each) => (each as unknown as Record<string, Command>)[name]?.(...keys, ...values) as Promise<unknown>,
      );
    },
    subscribe() {},
    close: async () => {},
    hold() {
      gate = Promise.withResolvers();
    },
    release() {
      gate.resolve();
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
  return link;
}

export interface RedisInUse {
  readonly client: RedisClient;
  readonly location: RedisLocation;
  /** Names that no other test has. */
  newKeys(): RedisKeys;
  /** @param serverNowMs what the server's clock is taken to say */
  newLink(serverNowMs?: () => number): SteadyLink;
  /** What the server says, whatever the links do. */
  ask(name: string, ...args: (string | number)[]): Promise<unknown>;
}

/** A real Redis for all tests of a `describe`, to be called in it. */
export function useRedis(start: () => Promise<AsyncDisposable & { readonly url: string }> = startRedis): RedisInUse {
  const stack = new AsyncDisposableStack();
  let client: RedisClient;
  let location: RedisLocation;

  beforeAll(async () => {
    const { url } = stack.use(await start());
    location = parseRedisLocation(url) as RedisLocation;
    client = connectRedis(location);
    stack.defer(() => client.disconnect());
    await once(client, 'ready');
  });
  afterAll(() => stack.disposeAsync());

  return {
    get client() {
      return client;
    },
    get location() {
      return location;
    },
    newKeys: () => createRedisKeys(randomUUID()),
    newLink: (serverNowMs) => createSteadyLink(client, serverNowMs),
    ask: (name, ...args) => client.call(name, ...args),
  };
}
