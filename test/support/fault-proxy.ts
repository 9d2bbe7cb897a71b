import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as elapsed } from 'node:timers/promises';

const HOST = '127.0.0.1';
const NOT_RESP = 'HTTP/1.1 400 Bad Request\r\n\r\n';
const SUBSCRIBES = /\r\n[sp]?subscribe\r\n/i;
const IS_PUBLICATION = /\r\n([sp]?message|invalidate)\r\n/;

type Fault = 'none' | 'cut' | 'blackhole' | 'garbage';

/** A TCP proxy on loopback that fails as told. One fault replaces another; `delay` and `dropPublications` go with any. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Destroys every connection, and each new one at once. */
  cut(): void;
  /** Takes connections and bytes, and passes none on, in either direction; nothing is closed. */
  blackhole(): void;
  /** Answers whatever comes with bytes that no Redis sends. */
  garbage(): void;
  /** Holds back what is answered for so many milliseconds. */
  delay(ms: number): void;
  /** Swallows what is published; all else passes. */
  dropPublications(): void;
  /** Leads new connections to another server, as a name that means another one by now; those that are there stay. */
  leadTo(port: number): void;
  /** Ends every fault. A connection of which bytes were lost is closed, as TCP would give it up. */
  heal(): void;
}

interface Link {
  readonly near: Socket;
  readonly far: Socket;
  isSubscriber: boolean;
  isTorn: boolean;
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const links = new Set<Link>();
  let fault: Fault = 'none';
  let delayMs = 0;
  let dropsPublications = false;
  let port = targetPort;

  /** @returns whether the bytes are to go on */
  function passes(link: Link): boolean {
    if (fault === 'none' && !link.isTorn) return true;
    link.isTorn = true;
    return false;
  }

  function forward(link: Link, chunk: Buffer): void {
    if (fault === 'garbage') link.near.write(NOT_RESP);
    if (!passes(link)) return;
    link.isSubscriber ||= SUBSCRIBES.test(chunk.toString('latin1'));
    link.far.write(chunk);
  }

  function back(link: Link, chunk: Buffer): void {
    if (!passes(link)) return;
    if (dropsPublications && link.isSubscriber && IS_PUBLICATION.test(chunk.toString('latin1'))) return;
    link.near.write(chunk);
  }

  function close({ near, far }: Link): void {
    near.destroy();
    far.destroy();
  }

  const server = createServer((near) => {
    near.on('error', () => {});
    if (fault === 'cut') return void near.destroy();
    const link: Link = { near, far: connect(port, HOST), isSubscriber: false, isTorn: false };
    links.add(link);
    link.far.on('error', () => {});
    for (const socket of [near, link.far]) {
      socket.setNoDelay(true);
      socket.on('close', () => {
        links.delete(link);
        close(link);
      });
    }
    let answered = Promise.resolve();
    near.on('data', (chunk) => forward(link, chunk));
    link.far.on('data', (chunk) => {
      // One after the other, also when the delay has changed meanwhile.
      const due = delayMs > 0 ? elapsed(delayMs) : undefined;
      answered = answered.then(() => due).then(() => back(link, chunk));
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const own = server.address() as AddressInfo;

  return {
    port: own.port,
    url: `redis://${HOST}:${own.port}`,
    cut() {
      fault = 'cut';
      for (const link of links) close(link);
    },
    blackhole() {
      fault = 'blackhole';
    },
    garbage() {
      fault = 'garbage';
    },
    delay(ms) {
      delayMs = ms;
    },
    dropPublications() {
      dropsPublications = true;
    },
    leadTo(other) {
      port = other;
    },
    heal() {
      fault = 'none';
      delayMs = 0;
      dropsPublications = false;
      for (const link of links) if (link.isTorn) close(link);
    },
    async [Symbol.asyncDispose]() {
      for (const link of links) close(link);
      server.close();
      await once(server, 'close');
    },
  };
}
