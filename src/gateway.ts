import type { Config } from './config/config.ts';
import { type Edge, openEdge } from './open-edge.ts';
import { openPurchasing, type Purchasing } from './open-purchasing.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import { createAdjustableClock } from './upstream/adjustable-clock.ts';
import { systemTimers, type Timers } from './upstream/timers.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly identity: ProcessIdentity;
  /** Milliseconds since the epoch; the system's by default. */
  readonly clock?: () => number;
  readonly timers?: Timers;
  /** Numbers from 0 to 1 for jitter; the system's by default. */
  readonly random?: () => number;
  /** How long the built-in synthetic upstream takes to answer, in milliseconds. */
  readonly sandboxLatencyMs?: number;
}

export interface Gateway {
  /** Scheme, host and port, without a trailing slash. */
  readonly origin: string;
  /**
   * Stops listening, answers what is open, lets calls in flight finish and stores what they bring; starts no new call.
   * @returns what was lost, in words; nothing, as a rule
   */
  stop(): Promise<readonly string[]>;
  /** Whether, after `stop`, a part of it does not end, so that only a kill ends the process. */
  readonly isStuck: boolean;
  /** Ends every wait at once and abandons the calls in flight, each booked as perhaps billed. `stop` still stores what has arrived. */
  hurry(): void;
}

/**
 * Builds the line from its far end, in two halves: from the paid call to the cache in front of it, and from the graph to
 * the HTTP edge. What was started is stopped in the opposite order, also when a later step fails to start. All of it is in
 * this process, whatever `config.workers` says.
 *
 * @throws TokenFileError when the token file holds no token any more; the error of `listen` when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, identity, sandboxLatencyMs } = options;
  const { timers = systemTimers, random = Math.random } = options;
  const clock = createAdjustableClock(options.clock ?? Date.now);
  await using starting = new AsyncDisposableStack();
  const purchasing = await openPurchasing({
    ...{ config, log, identity, clock, timers, random, sandboxLatencyMs, closing: starting },
    steadyMs: options.clock ?? performance.now.bind(performance),
  });
  const { telemetry, cache, memory, keyOf, rates } = purchasing;
  const edge = await openEdge({
    ...{ config, log, timers, telemetry, cache, memory, keyOf, rates, closing: starting },
    clock: clock.nowMs,
    windows: { ...telemetry.metrics, account: async () => purchasing.account() },
  });
  return joinHalves({ purchasing, edge, log, running: starting.move() });
}

export interface JoinHalvesOptions {
  readonly purchasing: Pick<Purchasing, 'stop' | 'finish' | 'abandon'>;
  readonly edge: Edge;
  readonly log: Logger;
  /** Everything that was opened. */
  readonly running: AsyncDisposableStack;
}

/** The two halves as one gateway: the edge drains first, for what it waits for is bought by the other. */
export function joinHalves({ purchasing, edge, log, running }: JoinHalvesOptions): Gateway {
  const losses: string[] = [];
  let isHurrying = false;
  let isStuck = false;
  return {
    origin: edge.origin,
    get isStuck() {
      return isStuck;
    },
    async stop() {
      purchasing.stop();
      await edge.close();
      losses.push(...(await purchasing.finish()));
      await running.disposeAsync().catch((error: unknown) => {
        isStuck = true;
        log.error({ err: error }, 'a part of the gateway does not end');
      });
      return losses;
    },
    hurry() {
      if (isHurrying) return;
      isHurrying = true;
      purchasing.stop();
      edge.hurry();
      losses.push(...purchasing.abandon());
    },
  };
}
