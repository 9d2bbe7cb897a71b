import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { temporaryStorePath } from '../../support/answer-store-contract.ts';
import {
  type Read,
  type ReadOptions,
  type Replica,
  type ReplicaOptions,
  startReplica,
} from '../../support/replicas.ts';
import { answers, type Behaviour } from '../../support/scripted-upstream.ts';

/** A gateway of several processes. */
export interface Crowd extends Replica {
  /** Its workers' processes, as the system knows them. */
  workerPids(): readonly number[];
  /** So many reads, one after the other and each over a connection of its own, so that every worker gets its share. */
  readInTurn(id: string, times?: number, options?: ReadOptions): Promise<readonly Read[]>;
  /** Over a connection of its own. */
  readAnew(id: string, options?: ReadOptions): Promise<Read>;
  /** The workers that have answered requests, by the number in their log lines. */
  busyWorkers(): ReadonlySet<number>;
}

export const WORKERS = 4;

export async function startCrowd(options: Omit<ReplicaOptions, 'store'> & { store?: string }): Promise<Crowd> {
  const env = { WORKERS: String(WORKERS), LOG_LEVEL: 'debug', ...options.env };
  const replica = await startReplica({ store: 'memory:', ...options, env });
  const readAnew = (id: string, { headers, ...rest }: ReadOptions = {}) =>
    replica.read(id, { ...rest, headers: { ...headers, connection: 'close' } });
  return {
    ...replica,
    workerPids: () => childrenOf(replica.pid),
    readAnew,
    async readInTurn(id, times = 2 * WORKERS, readOptions = {}) {
      const reads: Read[] = [];
      while (reads.length < times) reads.push(await readAnew(id, readOptions));
      return reads;
    },
    busyWorkers() {
      const lines = replica.logText().matchAll(/"worker":(\d+).*"msg":"request answered"/g);
      return new Set([...lines].map(([, id]) => Number(id)));
    },
  };
}

/** Settles when the log tells that several workers have answered; who is busy may get nothing of what comes all at once. */
export async function expectShared(crowd: Crowd): Promise<void> {
  await expect.poll(() => crowd.busyWorkers().size, { timeout: 10_000 }).toBeGreaterThan(1);
}

/** One connection, used again and again, and so one worker. */
export function openConnection({ origin }: Replica) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async get(path: string, headers: Record<string, string> = {}): Promise<string> {
      const [response] = await once(get(`${origin}${path}`, { agent, headers }), 'response');
      return text(response);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

/** Fresh ones for each test. */
export const STORES: readonly [name: string, location: () => string][] = [
  ['memory:', () => 'memory:'],
  ['sqlite:', () => `sqlite:${temporaryStorePath()}`],
];

export function childrenOf(pid: number): readonly number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return []; // pgrep found none
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Settles when none of them is there any more. */
export async function expectGone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
}

/** An upstream that takes its time, and counts how many calls it has at a time. */
export function slowly(ms: number) {
  let inFlight = 0;
  const counted = { most: 0 };
  const behaviour: Behaviour = (socket, call) => {
    inFlight += 1;
    counted.most = Math.max(counted.most, inFlight);
    setTimeout(() => {
      inFlight -= 1;
      answers(socket, call);
    }, ms);
  };
  return Object.assign(behaviour, counted, { most: () => counted.most });
}
