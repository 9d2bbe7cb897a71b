import cluster, { type Worker } from 'node:cluster';
import { createAnswerMemory } from '../cache/answer-memory.ts';
import { cacheKeyOf } from '../cache/cache-key.ts';
import { createFreshEntries } from '../cache/fresh-entries.ts';
import type { GatewayOptions } from '../gateway.ts';
import { type Edge, openEdge } from '../open-edge.ts';
import { openTelemetry } from '../open-telemetry.ts';
import { ENDPOINTS } from '../upstream/endpoints.ts';
import type { LinkIndexKey } from '../upstream/link-index-source.ts';
import { systemTimers } from '../upstream/timers.ts';
import { sendableError, type ToOwner, type ToWorker } from './messages.ts';
import { createPost } from './post.ts';
import { createQuestions } from './questions.ts';
import { createRemoteCache } from './remote-cache.ts';

export interface RunWorkerOptions extends Pick<GatewayOptions, 'config' | 'identity' | 'log'> {
  /** Ends this worker as the owner's word does. */
  readonly ending: AbortSignal;
}

/** Whether this process was started by an owner. */
export function hasOwner(): boolean {
  return cluster.isWorker;
}

/**
 * The edge of a gateway in a process of its own, before an owner that buys. When the owner is gone, node:cluster ends this
 * process at once, and so do we while it retires: none serves what nobody keeps up.
 *
 * @returns whether it did what it was there for, when it is over
 */
export async function runWorker(options: RunWorkerOptions): Promise<boolean> {
  const worker = cluster.worker as Worker;
  const send = (messages: readonly ToOwner[]) =>
    new Promise<void>((resolve) => void worker.send(messages, () => resolve()));
  const ownerGone = Promise.withResolvers<void>();
  try {
    await Promise.race([
      serve(worker, (messages) => void send(messages), ownerGone.resolve, options),
      ownerGone.promise,
    ]);
    return true;
  } catch (error) {
    await send([{ kind: 'failed', error: sendableError(error) }]);
    return false;
  }
}

async function serve(
  worker: Worker,
  send: (messages: readonly ToOwner[]) => void,
  onOwnerGone: () => void,
  options: RunWorkerOptions,
): Promise<void> {
  const { config, identity, ending } = options;
  const { lifetimes, maxEntries } = config.cache;
  const log = options.log.child({ worker: worker.id });
  const timers = systemTimers;
  const post = createPost(send);
  const stateCame = Promise.withResolvers<ToWorker & { readonly kind: 'state' }>();
  const stopCame = Promise.withResolvers<void>();
  let isClosed = false;
  ending.addEventListener('abort', () => stopCame.resolve());
  worker.once('disconnect', () => {
    stopCame.resolve();
    // The channel of a worker that retires ends behind its last answer; before that, it ends with its owner.
    setImmediate(() => {
      if (!isClosed) onOwnerGone();
    });
  });
  let state: ToWorker & { readonly kind: 'state' };
  let edge: Edge | undefined;

  const clock = () => Date.now() + state.clockOffsetMs;
  const keyOf = (key: LinkIndexKey) => cacheKeyOf(key, ENDPOINTS[state.endpoint]);
  const memory = createAnswerMemory({ maxEntries, lifetimes, clock });
  const fresh = createFreshEntries({ memory, lifetimes, keyOf });
  const cache = createRemoteCache({ post, memory, fresh, clock, timers });
  const questions = createQuestions(post);

  function hear(message: ToWorker): void {
    switch (message.kind) {
      case 'state':
        state = message;
        stateCame.resolve(message);
        break;
      case 'told':
        questions.hear(message);
        break;
      case 'sample':
        void telemetry.metrics.samples().then((samples) => post({ kind: 'samples', id: message.id, samples }));
        break;
      case 'stop':
        stopCame.resolve();
        break;
      case 'hurry':
        edge?.hurry();
        break;
      default:
        cache.hear(message);
    }
  }
  worker.on('message', (messages: readonly ToWorker[]) => {
    for (const message of messages) hear(message);
  });

  await using closing = new AsyncDisposableStack();
  const { port } = await stateCame.promise;
  const telemetry = await openTelemetry({ config, log, identity, clock, timers, sources: undefined, closing });
  edge = await openEdge({
    ...{ config: { ...config, server: { ...config.server, port } }, log, clock, timers, telemetry, closing },
    ...{ cache, memory, keyOf, rates: questions.rates },
    windows: { contentType: telemetry.metrics.contentType, text: questions.metrics, account: questions.account },
  });
  post({ kind: 'ready', origin: edge.origin });
  await stopCame.promise;
  await edge.close();
  isClosed = true;
}
