import type { Config } from './config/config.ts';
import { describeRedis } from './config/redis-location.ts';
import type { StoreLocation } from './config/variables.ts';
import type { Timers } from './domain/time.ts';
import type { ReadNote } from './loaders/request-account.ts';
import type { ProcessIdentity } from './stores/stores.ts';
import {
  type CallSummary,
  createLogExportError,
  createLogFault,
  createLogStoreError,
  logAttempt,
  logBalanceChange,
  logCall,
  logRejected,
  type RejectedCall,
} from './telemetry/log-events.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics, type MetricSources } from './telemetry/metrics.ts';
import type { BalanceOutcome } from './upstream/account/balance.ts';
import type { Attempt } from './upstream/source.ts';
import { VERSION } from './version.ts';

export interface OpenTelemetryOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly identity: ProcessIdentity;
  /** Milliseconds since whenever; never set back. */
  readonly steadyMs: () => number;
  readonly timers: Timers;
  /** What is read at the time of a scrape. */
  readonly sources: MetricSources;
  readonly closing: AsyncDisposableStack;
}

/** Connects each event with the log, the metrics, or both; no layer imports either. */
export async function openTelemetry(options: OpenTelemetryOptions) {
  const { config, log, steadyMs, sources, closing } = options;
  // Opened first and so closed last: a purchase that a stop waited for is still exported.
  const tracer = await openTracer(options);
  closing.defer(() => tracer?.close());
  const metrics = createMetrics(sources);
  const logStoreError = createLogStoreError(log, describeStore(config.cache.store), steadyMs);

  return {
    tracer,
    metrics,
    logFault: createLogFault(log, steadyMs),
    onAttempt(attempt: Attempt) {
      logAttempt(log, attempt);
      metrics.noteAttempt(attempt);
    },
    onRead({ source, wouldBuy }: ReadNote) {
      if (!wouldBuy) metrics.noteRead(source);
    },
    onHits(answers: number, negatives: number) {
      if (answers > 0) metrics.noteRead('memory', answers);
      if (negatives > 0) metrics.noteRead('negative', negatives);
    },
    onCall(call: CallSummary) {
      logCall(log, call);
      metrics.noteRequest(call);
    },
    onRejected(call: RejectedCall) {
      logRejected(log, call);
      metrics.noteRequest(call);
    },
    onBalanceChange(outcome: BalanceOutcome) {
      logBalanceChange(log, outcome);
    },
    onStoreError(operation: string, error: unknown) {
      logStoreError(operation, error);
      metrics.noteStoreError(config.cache.store.kind, operation);
    },
  };
}

/** OpenTelemetry's modules are loaded only where traces are exported. */
async function openTracer({ config, log, identity, steadyMs, timers }: OpenTelemetryOptions) {
  if (config.tracesUrl === undefined) return undefined;
  const { openTracing } = await import('./telemetry/tracing.ts');
  return openTracing({
    url: config.tracesUrl,
    serviceVersion: VERSION,
    instanceId: identity.name,
    onExportError: createLogExportError(log, steadyMs),
    after: timers.after,
  });
}

/** Where it is, without a secret. */
function describeStore(store: StoreLocation): string {
  switch (store.kind) {
    case 'memory':
      return 'memory';
    case 'sqlite':
      return store.path;
    case 'redis':
      return describeRedis(store.location);
  }
}
