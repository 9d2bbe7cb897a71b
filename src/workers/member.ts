import cluster from 'node:cluster';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ToOwner, ToWorker } from './messages.ts';
import { createPost, type Post } from './post.ts';

/** A worker's process, as its owner sees it. */
export interface Member {
  /** A number that none before it had. */
  readonly id: number;
  readonly post: Post<ToWorker>;
  /** How its process ended, when everything that it wrote has been read. */
  readonly ended: Promise<string>;
  /**
   * It gets no connection from now on, and lets go of its owner when it has answered what is open. Only the owner can say
   * so without loss: of a worker that closes by itself, node:cluster forgets a connection that is just on its way there.
   */
  retire(): void;
  /** By SIGKILL. */
  kill(): void;
}

/** What the program does in a worker's process. */
const COMMAND = 'worker';

/** Starts one more worker, with this program and this environment. */
export function startMember(hear: (message: ToOwner) => void, writeLine: (line: string) => void): Member {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  // What several processes write to one place is in pieces as soon as it is long, so all lines go through the owner.
  cluster.setupPrimary({ args: [COMMAND], silent: true });
  const worker = cluster.fork();
  const { process: child } = worker;
  for (const output of [child.stdout, child.stderr] as Readable[]) {
    createInterface({ input: output }).on('line', writeLine);
  }
  worker.on('message', (messages: readonly ToOwner[]) => {
    for (const message of messages) hear(message);
  });
  // A process that cannot be started or reached ends, or never began: that is told by its end.
  worker.on('error', () => {});
  return {
    id: worker.id,
    // What cannot reach it any more has no reader.
    post: createPost((messages) => void worker.send(messages as ToWorker[], () => {})),
    ended: once(child, 'close').then(([code, signal]) => (signal === null ? `exit code ${code}` : String(signal))),
    retire: () => worker.disconnect(),
    kill: () => void child.kill('SIGKILL'),
  };
}
