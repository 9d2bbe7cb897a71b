import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, ReplyError } from 'ioredis';
import type { RedisLocation } from '../../config/redis-location.ts';
import { connectionTroubleOf, connectRedis, type RedisClient } from './client.ts';
import { RedisError, type Refusal, refusalIn, wordsOf } from './redis-error.ts';
import type { ScriptName } from './scripts.ts';

/** A connection to Redis that fails at once while Redis is unavailable. */
export interface RedisLink {
  /** Whether commands are sent: the server is prompt and takes writes. */
  readonly isUp: boolean;
  /** Rejects at once while the link is not up, and else when the server refuses, or the connection is lost. */
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  /** As `run`, for a command that only reads and is of use while the server refuses writes: then it is sent as well. */
  read<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  script(name: ScriptName, keys: readonly string[], ...args: readonly (string | number)[]): Promise<unknown>;
  /** Calls back with every message on the channel, as long as the link is there. */
  subscribe(channel: string, listener: (message: string) => void): void;
  /** Settles when the link is up for the first time, or closed. */
  readonly firstUp: Promise<void>;
  close(): Promise<void>;
}

export interface RedisLinkOptions {
  readonly location: RedisLocation;
  /** A key that is written to find out whether the server takes writes. */
  readonly probeKey: string;
  /** Called with the reason why the connection could not be made or was lost, or why the server does not take writes. */
  readonly onError?: (error: Error) => void;
  /** Called each time that it is up again. */
  readonly onUp?: () => void;
  /** What the promise settles to, or a rejection after so many milliseconds. */
  readonly within: <Value>(ms: number, promise: Promise<Value>) => Promise<Value>;
}

/** A server that takes longer is not asked again until it has taken a write within that time, in milliseconds. */
const PATIENCE_MS = 50;
/** How often a server that does not take writes is tried out, in milliseconds. */
const TRY_AGAIN_MS = 500;
/** A connection on which nothing has come for so long is made anew, in milliseconds. */
const SILENCE_MS = 2000;
/** How often the connection that only listens is tried, in milliseconds. */
const LISTEN_CHECK_MS = 5000;
/** Of the pauses before a new connection to a server that refuses writes, each is longer than the one before, up to so many. */
const MAX_RECONNECT_PAUSES = 3;

/** What ioredis says of a connection that was closed, whatever the reason. */
const CLOSED = 'Connection is closed';

type State = 'down' | 'read-only' | 'up';

export function openRedisLink({ location, probeKey, onError, onUp, within }: RedisLinkOptions): RedisLink {
  const client = connectRedis(location);
  let subscriber: RedisClient | undefined;
  const listeners = new Map<string, (message: string) => void>();
  let state: State = 'down';
  let isClosed = false;
  let isTrying = false;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let doubting: NodeJS.Timeout | undefined;
  let refusals = 0;
  let lastTrouble = 'no connection yet';
  const firstUp = Promise.withResolvers<void>();

  function noteTrouble(error: Error): void {
    lastTrouble = wordsOf(error);
    onError?.(new RedisError(lastTrouble));
  }

  client.on('error', async (error: Error) => {
    const isUnexplained = wordsOf(error).includes(CLOSED) && location.kind !== 'single';
    noteTrouble((isUnexplained && (await connectionTroubleOf(location))) || error);
  });
  client.on('close', () => become('down'));
  client.on('ready', async () => {
    await within(SILENCE_MS, meetAll(client)).catch(() => {});
    await tryOut();
  });

  function become(next: State): void {
    const isNews = next === 'up' && state !== 'up';
    state = next;
    if (!isNews || isClosed) return;
    refusals = 0;
    firstUp.resolve();
    onUp?.();
  }

  /** Up is who takes a write in time. One that does not is tried again, for that may pass; one that is silent is given up. */
  async function tryOut(): Promise<void> {
    if (isTrying) return;
    isTrying = true;
    while (!isClosed && client.status === 'ready' && (await isToBeTriedAgain()))
      await delay(TRY_AGAIN_MS, undefined, { ref: false });
    isTrying = false;
  }

  /** Not where the server takes writes, nor where the connection is made anew. */
  async function isToBeTriedAgain(): Promise<boolean> {
    const answer = send(client, 'kolgwProbe', [probeKey]);
    const failure = await within(PATIENCE_MS, answer).then(
      () => undefined,
      (error: Error) => error,
    );
    triedAtMs = performance.now();
    if (failure === undefined) {
      become('up');
      return false;
    }
    return failure instanceof ReplyError ? onRefused(failure, refusalIn(failure)) : onLate(failure, answer);
  }

  /** The server answers, and refuses. @returns whether this connection is to be tried again */
  async function onRefused(error: Error, refusal: Refusal | undefined): Promise<boolean> {
    become(refusal?.allowsReads ? 'read-only' : 'down');
    noteTrouble(error);
    if (refusal?.maySucceedElsewhere === false) return true;
    await delay(Math.min(refusals, MAX_RECONNECT_PAUSES) * TRY_AGAIN_MS, undefined, { ref: false });
    refusals += 1;
    subscriber?.disconnect(true);
    return !reconnect();
  }

  /** The server is late; one that is busy answers after a while. @returns whether this connection is to be tried again */
  async function onLate(error: Error, answer: Promise<unknown>): Promise<boolean> {
    become('down');
    lastTrouble = wordsOf(error);
    const isSilent = within(SILENCE_MS, answer).then(
      () => false,
      (late: Error) => {
        if (late instanceof ReplyError) noteTrouble(late);
        return !(late instanceof ReplyError);
      },
    );
    return !((await isSilent) && reconnect());
  }

  function reconnect(): boolean {
    if (client.status !== 'ready') return false;
    client.disconnect(true);
    return true;
  }

  /** A refusal is tried out once in a while and not each time: one node of a Cluster may refuse what the others take. */
  function doubt(): void {
    const waitMs = Math.max(0, triedAtMs + TRY_AGAIN_MS - performance.now());
    doubting ??= setTimeout(() => {
      doubting = undefined;
      void tryOut();
    }, waitMs).unref();
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

  async function ask<Reply>(isAllowed: boolean, command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    if (!isAllowed) throw new RedisError(`Redis is unavailable: ${lastTrouble}`);
    try {
      const reply = command(client);
      watch(reply);
      return await reply;
    } catch (error) {
      if (refusalIn(error as Error)) doubt();
      throw new RedisError(wordsOf(error as Error));
    }
  }

  const run: RedisLink['run'] = (command) => ask(state === 'up', command);

  function listen(): RedisClient {
    const listening = connectRedis(location);
    listening.on('error', () => {});
    listening.on('ready', () => hearOn(listening, ...listeners.keys()));
    listening.on('message', (channel: string, message: string) => listeners.get(channel)?.(message));
    return listening;
  }

  function hearOn(listening: RedisClient, ...channels: readonly string[]): void {
    listening.subscribe(...channels).catch((error: Error) => {
      if (refusalIn(error)) onError?.(new RedisError(wordsOf(error)));
    });
  }

  const checking = setInterval(async () => {
    if (subscriber?.status !== 'ready') return;
    await within(SILENCE_MS, subscriber.ping()).catch(() => subscriber?.disconnect(true));
  }, LISTEN_CHECK_MS).unref();

  return {
    get isUp() {
      return state === 'up';
    },
    run,
    read: (command) => ask(state !== 'down', command),
    script: (name, keys, ...args) => run((each) => send(each, name, keys, ...args)),
    subscribe(channel, listener) {
      listeners.set(channel, listener);
      subscriber ??= listen();
      if (subscriber.status === 'ready') hearOn(subscriber, channel);
    },
    firstUp: firstUp.promise,
    async close() {
      isClosed = true;
      become('down');
      clearInterval(checking);
      clearTimeout(doubting);
      firstUp.resolve();
      client.disconnect();
      subscriber?.disconnect();
    },
  };
}

type Command = (...args: readonly (string | number)[]) => Promise<unknown>;

/** Rejects, where ioredis throws, when no node of a Cluster has the keys. */
async function send(
  client: RedisClient,
  name: ScriptName,
  keys: readonly string[],
  ...args: readonly (string | number)[]
): Promise<unknown> {
  return (client as unknown as Record<string, Command>)[name]?.(...keys, ...args);
}

/** A Cluster's client connects to a node with the first command for it, which would be late. */
async function meetAll(client: RedisClient): Promise<void> {
  if (client instanceof Cluster) await Promise.allSettled(client.nodes('master').map((node) => node.ping()));
}
