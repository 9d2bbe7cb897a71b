import { Cluster, ReplyError } from 'ioredis';
import { connectRedis, type RedisClient } from './client.ts';
import type { RedisLocation } from './location.ts';
import type { ScriptName } from './scripts.ts';

/** A connection to Redis that says at once when it is of no use. Nobody waits for one that is away. */
export interface RedisLink {
  /** Whether commands are sent. */
  readonly isUp: boolean;
  /** Rejects at once while the link is down, and else when the server refuses, or the connection is lost. */
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  script(name: ScriptName, keys: readonly string[], ...args: readonly (string | number)[]): Promise<unknown>;
  /** Calls back with every message on the channel, as long as the link is there. */
  subscribe(channel: string, listener: (message: string) => void): void;
  /** Settles when the link is up for the first time, or closed. */
  readonly firstUp: Promise<void>;
  close(): Promise<void>;
}

export interface RedisLinkOptions {
  readonly location: RedisLocation;
  /** Told why the connection could not be made or was lost. */
  readonly onError?: (error: Error) => void;
  /** Told each time that it is up again. */
  readonly onUp?: () => void;
  /** What the promise settles to, or a rejection after so many milliseconds. */
  readonly within: <Value>(ms: number, promise: Promise<Value>) => Promise<Value>;
}

/** A server that takes longer is not asked again until it has answered a `PING` within that time, in milliseconds. */
const PATIENCE_MS = 50;
const PING_AGAIN_MS = 500;
/** A connection on which nothing has come for so long is made anew, in milliseconds. */
const SILENCE_MS = 2000;
/** How often the connection that only listens is tried, in milliseconds. */
const LISTEN_CHECK_MS = 5000;

/** A failure of Redis, in its words. Not the client's own error: that one holds the command, which may be a password. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}

export function openRedisLink({ location, onError, onUp, within }: RedisLinkOptions): RedisLink {
  const client = connectRedis(location);
  let subscriber: RedisClient | undefined;
  const listeners = new Map<string, (message: string) => void>();
  let isUp = false;
  let isClosed = false;
  let isTrying = false;
  let lastTrouble = 'no connection yet';
  const firstUp = Promise.withResolvers<void>();

  client.on('error', (error: Error) => {
    lastTrouble = wordsOf(error);
    onError?.(new RedisError(lastTrouble));
  });
  client.on('close', () => {
    isUp = false;
  });
  client.on('ready', async () => {
    await within(SILENCE_MS, meetAll(client)).catch(() => {});
    await tryOut();
  });

  /** Up is who answers in time. One that is late is tried on, for it may only be busy; one that is silent is given up. */
  async function tryOut(): Promise<void> {
    if (isTrying) return;
    isTrying = true;
    const wasUp = isUp;
    while (!isClosed && client.status === 'ready' && !(await isPrompt())) await pause(PING_AGAIN_MS);
    isTrying = false;
    if (!isUp || wasUp) return;
    firstUp.resolve();
    onUp?.();
  }

  async function isPrompt(): Promise<boolean> {
    const answer = client.ping();
    try {
      await within(PATIENCE_MS, answer);
      isUp = true;
      return true;
    } catch (error) {
      isUp = false;
      lastTrouble = wordsOf(error as Error);
    }
    const isSilent = within(SILENCE_MS, answer).then(
      () => false,
      (error: Error) => !(error instanceof ReplyError),
    );
    if ((await isSilent) && client.status === 'ready') client.disconnect(true);
    return false;
  }

  function watch(reply: Promise<unknown>): void {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    reply.then(settle, settle);
    within(PATIENCE_MS, reply).catch(() => {
      if (!isSettled) void tryOut();
    });
  }

  async function run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    if (!isUp) throw new RedisError(`Redis is away: ${lastTrouble}`);
    const reply = command(client);
    watch(reply);
    try {
      return await reply;
    } catch (error) {
      throw new RedisError(wordsOf(error as Error));
    }
  }

  function listen(): RedisClient {
    const listening = connectRedis(location);
    listening.on('error', () => {});
    listening.on('ready', () => void listening.subscribe(...listeners.keys()).catch(() => {}));
    listening.on('message', (channel: string, message: string) => listeners.get(channel)?.(message));
    return listening;
  }

  const checking = setInterval(async () => {
    if (subscriber?.status !== 'ready') return;
    await within(SILENCE_MS, subscriber.ping()).catch(() => subscriber?.disconnect(true));
  }, LISTEN_CHECK_MS).unref();

  return {
    get isUp() {
      return isUp;
    },
    run,
    script: (name, keys, ...args) =>
      run((each) => (each as unknown as Record<string, Command>)[name]?.(...keys, ...args) as Promise<unknown>),
    subscribe(channel, listener) {
      listeners.set(channel, listener);
      subscriber ??= listen();
      if (subscriber.status === 'ready') void subscriber.subscribe(channel).catch(() => {});
    },
    firstUp: firstUp.promise,
    async close() {
      isClosed = true;
      isUp = false;
      clearInterval(checking);
      firstUp.resolve();
      client.disconnect();
      subscriber?.disconnect();
    },
  };
}

type Command = (...args: readonly (string | number)[]) => Promise<unknown>;

/** A Cluster's client connects to a node with the first command for it, which would be late. */
async function meetAll(client: RedisClient): Promise<void> {
  if (client instanceof Cluster) await Promise.allSettled(client.nodes('master').map((node) => node.ping()));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** What failed, without what was sent. */
function wordsOf({ message }: Error): string {
  return message.replace(/,? with args beginning with.*$/s, '').slice(0, 200);
}
