import cluster, { type Worker } from 'node:cluster';
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts';
import type { ToPrimary, ToWorker } from './messages.ts';

/** Whether a primary process of `node:cluster` has started this one. */
export function isWorker(): boolean {
  return cluster.isWorker;
}

/**
 * A gateway that shares its port with others, each in a process of its own. When the primary process is gone,
 * `node:cluster` ends this one at once, as a SIGKILL would, unless it is stopping already.
 *
 * @param onStop called when the primary process asks for a stop
 * @throws as `startGateway`
 */
export async function startWorker(options: GatewayOptions, onStop: () => void): Promise<Gateway> {
  const worker = cluster.worker as Worker;
  // A primary process that is gone has no reader.
  const send = (message: ToPrimary) => void worker.send(message, () => {});
  const metricsRequests = new Map<number, (text: string) => void>();
  let lastId = 0;

  const gateway = await startGateway({
    ...options,
    log: options.log.child({ worker: worker.id }),
    metricsText() {
      const { promise, resolve } = Promise.withResolvers<string>();
      lastId += 1;
      metricsRequests.set(lastId, resolve);
      send({ kind: 'metrics-request', id: lastId });
      return promise;
    },
  });

  worker.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'samples-request':
        void gateway.samples().then((samples) => send({ kind: 'samples', id: message.id, samples }));
        break;
      case 'metrics':
        metricsRequests.get(message.id)?.(message.text);
        metricsRequests.delete(message.id);
        break;
      case 'stop':
        onStop();
    }
  });
  send({ kind: 'ready', origin: gateway.origin });
  return gateway;
}
