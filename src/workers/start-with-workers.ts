import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Gateway, type GatewayOptions, joinHalves } from '../gateway.ts';
import { openPurchasing } from '../open-purchasing.ts';
import { createAdjustableClock } from '../upstream/adjustable-clock.ts';
import { systemTimers } from '../upstream/timers.ts';
import { type Crowd, createCrowd } from './crowd.ts';
import { sendable } from './sent-outcome.ts';

export interface StartWithWorkersOptions extends Pick<GatewayOptions, 'config' | 'identity' | 'log'> {
  /** Takes what workers write, line by line. */
  readonly writeLine: (line: string) => void;
}

/**
 * The gateway over several processes. This one owns everything of which a machine may have one only: it buys, books and
 * stores. The workers that it starts serve clients, and ask it for what they have not fresh in memory.
 *
 * @throws as `startGateway`, and what a worker says that cannot start
 */
export async function startWithWorkers({
  config,
  log,
  identity,
  writeLine,
}: StartWithWorkersOptions): Promise<Gateway> {
  const timers = systemTimers;
  const steadyMs = performance.now.bind(performance);
  let crowd: Crowd | undefined;
  const clock = createAdjustableClock(Date.now, () => crowd?.tellState());
  await using starting = new AsyncDisposableStack();
  const purchasing = await openPurchasing({
    ...{ config, log, identity, clock, steadyMs, timers, random: Math.random, closing: starting },
    onNews: (cacheKey, news) => crowd?.tell({ kind: 'news', cacheKey, outcome: sendable(news) }),
    onEndpointMoved: () => crowd?.tellState(),
  });
  const workers = createCrowd({
    ...{ purchasing, log, writeLine, steadyMs, timers },
    count: config.workers,
    port: config.server.port || (await freePort(config.server.host)),
    clockOffsetMs: () => clock.offsetMs,
  });
  crowd = workers;
  starting.defer(() => workers.kill());
  const origin = await workers.start();
  return joinHalves({ purchasing, edge: { ...workers, origin }, log, running: starting.move() });
}

/** For PORT=0: a port that each worker chose for itself would be another after all of them have been replaced. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
