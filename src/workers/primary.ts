import type { ChildProcess } from 'node:child_process';
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Config } from '../config/config.ts';
import { systemTimers } from '../domain/time.ts';
import type { RunningGateway } from '../gateway.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createClusterMetrics } from './cluster-metrics.ts';
import type { ToPrimary, ToWorker } from './messages.ts';

export interface StartWorkersOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Takes what workers write, line by line: several processes that write to one pipe break long lines into each other. */
  readonly writeLine: (line: string) => void;
}

/** A worker that ended before it could answer, and has said why. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

/** What the program does in a worker's process. */
const COMMAND = 'worker';
/** A worker that has ended every wait has so long to store and to export, before it is killed; in milliseconds. */
const KILL_AFTER_MS = 5000;

interface RunningWorker {
  readonly worker: Worker;
  readonly child: ChildProcess;
  isReady: boolean;
  /** How its process ended, when everything that it wrote has been read. */
  readonly ended: Promise<string>;
}

/**
 * `config.workers` gateways behind one port, each in a process of its own and a replica like any other. This process
 * shares out connections, replaces a worker that ends, and adds up the metrics; it buys nothing.
 *
 * @throws WorkerStartError when a worker cannot start
 */
export async function startWorkers({ config, log, writeLine }: StartWorkersOptions): Promise<RunningGateway> {
  const { host, port } = config.server;
  const timers = systemTimers;
  const running = new Map<number, RunningWorker>();
  const backoffMs = createRespawnBackoff(performance.now.bind(performance));
  const losses: string[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  let hasStarted = false;
  let isStopping = false;

  const tell = (id: number, message: ToWorker) => void running.get(id)?.worker.send(message, () => {});
  const metrics = createClusterMetrics((workerId, id) => tell(workerId, { kind: 'samples-request', id }), timers);
  const readyIds = () => [...running].filter(([, { isReady }]) => isReady).map(([id]) => id);

  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ args: [COMMAND], silent: true });
  // With PORT=0 each worker would take a port of its own once all of them have been replaced.
  const env = { PORT: String(port || (await freePort(host))) };

  /** Settles when the worker can answer. @returns its scheme, host and port */
  function spawn(): Promise<string> {
    const worker = cluster.fork(env);
    const { process: child, id } = worker;
    for (const output of [child.stdout, child.stderr] as Readable[])
      createInterface({ input: output }).on('line', writeLine);
    // A process that cannot be started or reached ends, or never began: its exit says so.
    worker.on('error', () => {});
    const ended = once(child, 'close').then(([code, signal]) => (signal === null ? `exit code ${code}` : `${signal}`));
    const ready = Promise.withResolvers<string>();
    const one: RunningWorker = { worker, child, isReady: false, ended };
    running.set(id, one);
    worker.on('message', (message: ToPrimary) => {
      switch (message.kind) {
        case 'ready':
          one.isReady = true;
          ready.resolve(message.origin);
          break;
        case 'metrics-request':
          void metrics.text(readyIds()).then((text) => tell(id, { kind: 'metrics', id: message.id, text }));
          break;
        case 'samples':
          metrics.onSamples(id, message.id, message.samples);
      }
    });
    void ended.then((how) => {
      running.delete(id);
      metrics.onExit(id);
      if (isStopping) {
        if (one.isReady && how !== 'exit code 0') losses.push(`worker ${id} ended with ${how}`);
      } else if (hasStarted) respawn(id, how);
      else failed.reject(new WorkerStartError(`worker ${id} could not start (${how})`));
    });
    return ready.promise;
  }

  function respawn(id: number, how: string): void {
    const pauseMs = backoffMs();
    log.error({ worker: id, how, pauseMs }, 'a worker ended; another one takes its place');
    timers.after(pauseMs, () => {
      if (!isStopping) void spawn();
    });
  }

  async function allEnded(): Promise<void> {
    await Promise.all([...running.values()].map(({ ended }) => ended));
  }

  function kill(): void {
    for (const { child } of running.values()) child.kill('SIGKILL');
  }

  try {
    // The first one says alone what keeps all of them from starting.
    const origin = await Promise.race([spawn(), failed.promise]);
    await Promise.race([Promise.all(Array.from({ length: config.workers - 1 }, spawn)), failed.promise]);
    hasStarted = true;
    return {
      origin,
      isStuck: false,
      async stop() {
        isStopping = true;
        for (const [id, { worker, child, isReady }] of running) {
          // It has nothing to drain, and might miss the message.
          if (!isReady) child.kill('SIGKILL');
          tell(id, { kind: 'stop' });
          // It gets no connection from now on. Where the worker itself said so, `node:cluster` would forget those on their way to it.
          worker.disconnect();
        }
        await allEnded();
        return losses;
      },
      forceStop() {
        // Its channel is closed by now, behind its last answer.
        for (const { child } of running.values()) child.kill('SIGTERM');
        timers.after(KILL_AFTER_MS, kill);
      },
    };
  } catch (error) {
    isStopping = true;
    kill();
    await allEnded();
    throw error;
  }
}

/** A worker that has run for longer is no sign of trouble at the start, in milliseconds. */
const STABLE_MS = 60_000;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

/**
 * How long to wait before a worker that ended is replaced, in milliseconds: 0 the first time, and exponentially longer each
 * time that one ends again within a minute, so that what ends them all does not fill the machine with starting processes.
 */
export function createRespawnBackoff(steadyMs: () => number): () => number {
  let endsInARow = 0;
  let lastEndMs = Number.NEGATIVE_INFINITY;

  return () => {
    endsInARow = steadyMs() - lastEndMs < STABLE_MS ? endsInARow + 1 : 0;
    lastEndMs = steadyMs();
    return endsInARow === 0 ? 0 : Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (endsInARow - 1));
  };
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
