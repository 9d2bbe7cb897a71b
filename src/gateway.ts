import type { Config } from './config/config.ts';
import { systemTimers, type Timers } from './domain/time.ts';
import { openEdge } from './open-edge.ts';
import { openPurchasing } from './open-purchasing.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Samples } from './telemetry/metrics.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly identity: ProcessIdentity;
  /** Milliseconds since the epoch; the system's by default. */
  readonly clock?: () => number;
  /** Milliseconds since whenever, never set back; `clock` where that is given, else the process's own. */
  readonly steadyMs?: () => number;
  readonly timers?: Timers;
  /** Numbers from 0 to 1 for jitter; the system's by default. */
  readonly random?: () => number;
  /** How long the built-in synthetic upstream takes to answer, in milliseconds. */
  readonly sandboxLatencyMs?: number;
  /** What `/metrics` answers, in Prometheus's text format; this process's own metrics by default. */
  readonly metricsText?: () => Promise<string>;
}

/** A gateway as a program runs it: this process, or several. */
export interface RunningGateway {
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
  forceStop(): void;
}

/** A gateway in this process. */
export interface Gateway extends RunningGateway {
  /** Its metrics as data, for adding up those of several processes. */
  samples(): Promise<Samples>;
}

/**
 * Builds the line from its far end, in two halves: from the paid call to the cache in front of it, and from the graph to
 * the HTTP edge. What was started is stopped in the opposite order, also when a later step fails to start. All of it is in
 * this process, whatever `config.workers` says.
 *
 * @throws TokenFileError when the token file holds no token any more; StoreInUseError when another process has the SQLite file;
 * the error of `listen` when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, identity, sandboxLatencyMs } = options;
  const { clock = Date.now, timers = systemTimers, random = Math.random } = options;
  const { steadyMs = options.clock ?? performance.now.bind(performance) } = options;
  await using starting = new AsyncDisposableStack();
  const purchasing = await openPurchasing({
    ...{ config, log, identity, clock, steadyMs, timers, random, sandboxLatencyMs, closing: starting },
  });
  const { telemetry, cache, memory, keyOf, rates } = purchasing;
  const { metrics } = telemetry;
  const edge = await openEdge({
    ...{ config, log, clock, steadyMs, timers, telemetry, cache, memory, keyOf, rates, closing: starting },
    ops: {
      contentType: metrics.contentType,
      text: options.metricsText ?? metrics.text,
      account: async () => purchasing.account(),
    },
  });

  const running = starting.move();
  const losses: string[] = [];
  let isForced = false;
  let isStuck = false;
  return {
    origin: edge.origin,
    samples: metrics.samples,
    get isStuck() {
      return isStuck;
    },
    async stop() {
      purchasing.stop();
      // The edge drains first, for what it waits for is bought by the other half.
      await edge.close();
      losses.push(...(await purchasing.finish()));
      await running.disposeAsync().catch((error: unknown) => {
        isStuck = true;
        log.error({ err: error }, 'a part of the gateway does not end');
      });
      return losses;
    },
    forceStop() {
      if (isForced) return;
      isForced = true;
      purchasing.stop();
      edge.forceStop();
      losses.push(...purchasing.abandon());
    },
  };
}
