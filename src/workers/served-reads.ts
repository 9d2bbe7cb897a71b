import type { LinkIndexCache } from '../cache/link-index-cache.ts';
import type { Tracer } from '../telemetry/span.ts';
import type { EndpointName } from '../upstream/endpoints.ts';
import type { LinkIndexKey, LinkIndexOutcome, Payer, Requester } from '../upstream/link-index-source.ts';
import { type ReadMessage, type SentSpan, sendableError, sentSpan, type ToWorker } from './messages.ts';
import type { Post } from './post.ts';
import { sendable } from './sent-outcome.ts';

export interface ServedReadsOptions {
  /** The owner's. */
  readonly cache: LinkIndexCache;
  /** The key under which an endpoint's answer is kept; the endpoint that is asked now by default. */
  readonly keyOf: (key: LinkIndexKey, endpoint?: EndpointName) => string;
  readonly post: Post<ToWorker>;
  /** Undefined where no traces are made. */
  readonly tracer?: Tracer | undefined;
}

/** The reads of one worker, at the owner. */
export interface ServedReads {
  read(message: ReadMessage): void;
  /** A request waits no longer. */
  leave(requester: number): void;
  /** Nobody waits any longer: the worker is gone, or everybody is told to hurry. */
  leaveAll(): void;
}

/** A request of a worker, in whose name the owner reads. */
interface Proxy extends Requester {
  readonly leave: () => void;
  openReads: number;
  /** Billed calls that the worker knows of. */
  toldCalls: number;
}

export function createServedReads({ cache, keyOf, post, tracer }: ServedReadsOptions): ServedReads {
  const proxies = new Map<number, Proxy>();

  function enter({ requester, payer, mayBuy }: ReadMessage): Proxy {
    const proxy = proxies.get(requester) ?? createProxy(payer, mayBuy);
    proxies.set(requester, proxy);
    proxy.openReads += 1;
    return proxy;
  }

  /** As the loader of a single process does it: what is there at once, else a read that may wait. */
  async function serve(message: ReadMessage, requester: Proxy): Promise<void> {
    const { id, key, acceptCache, span: sent } = message;
    const links: SentSpan[] = [];
    const span = sent && tracer?.within(sent, (context) => links.push(sentSpan(context)));
    let isLed: boolean | undefined;
    const onBought = (bought: { readonly isLed: boolean }) => {
      isLed = bought.isLed;
    };
    const reply = (outcome: LinkIndexOutcome) => {
      const billedCalls = requester.billedCalls - requester.toldCalls;
      requester.toldCalls = requester.billedCalls;
      const cacheKey = keyOf(key, outcome.kind === 'failure' ? undefined : outcome.endpoint);
      post({ kind: 'outcome', id, cacheKey, outcome: sendable(outcome), isLed, billedCalls, links });
    };
    const hit = acceptCache ? cache.peek(key, requester, span) : undefined;
    if (hit) reply(hit);
    else reply(await cache.read(key, { acceptCache, requester, onBought, span }));
  }

  return {
    read(message) {
      const proxy = enter(message);
      serve(message, proxy)
        .catch((error: unknown) => post({ kind: 'fault', id: message.id, error: sendableError(error) }))
        .finally(() => {
          proxy.openReads -= 1;
          if (proxy.openReads === 0) proxies.delete(message.requester);
        });
    },
    leave: (requester) => proxies.get(requester)?.leave(),
    leaveAll() {
      for (const proxy of proxies.values()) proxy.leave();
    },
  };
}

function createProxy(payer: Payer | undefined, mayBuy: boolean): Proxy {
  const { promise: waitOver, resolve: leave } = Promise.withResolvers<void>();
  return { billedCalls: 0, waitOver, leave, payer, mayBuy, openReads: 0, toldCalls: 0 };
}
