import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * One of the two subgraphs that the suite ships as bundles, in a process of its own. It listens on every interface.
 *
 * @throws when it ends before it is ready, for example because its port is taken
 */
export async function startSuiteSubgraph(path: string, signal: AbortSignal): Promise<AsyncDisposable> {
  const subgraph = fork(path, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(subgraph, 'exit');
  const stop = () => subgraph.kill();
  signal.addEventListener('abort', stop);
  const isReady = await Promise.race([once(subgraph, 'message').then(() => true), exited.then(() => false)]);
  if (!isReady) throw new Error(`${path}: expected to become ready, ended instead.`);
  return {
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', stop);
      stop();
      await exited;
    },
  };
}
