import { defaultTextMapGetter, ROOT_CONTEXT } from '@opentelemetry/api';
import { ExportResultCode, getNumberFromEnv, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { createOtelTracer } from './otel-span.ts';
import { samplerFromEnvironment } from './sampler.ts';
import type { Tracer } from './span.ts';

export interface TracingOptions {
  /** Where spans are posted to, path included. */
  readonly url: string;
  readonly serviceVersion: string;
  /** Another one for each process. */
  readonly instanceId: string;
  readonly onExportError: (error: unknown) => void;
  /** Calls back after `ms` milliseconds, unless the returned function is called before. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

export interface Tracing extends Tracer {
  /** Exports what has ended, for at most two seconds, and never rejects. */
  close(): Promise<void>;
}

const SERVICE_NAME = 'kol-gateway';
const FLUSH_MS = 2000;

/**
 * OpenTelemetry's SDK, which reads the standard's other variables by itself. It is loaded only where traces are exported,
 * and nothing of it becomes the process's global one: so libraries that instrument HTTP clients have nowhere to report.
 */
export function openTracing({ url, serviceVersion, instanceId, onExportError, after }: TracingOptions): Tracing {
  const exporter = new OTLPTraceExporter({ url });
  const provider = new TracerProvider({
    sampler: samplerFromEnvironment(),
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          'service.name': SERVICE_NAME,
          'service.version': serviceVersion,
          'service.instance.id': instanceId,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: telling(exporter, onExportError),
        scheduledDelayMillis: positive('OTEL_BSP_SCHEDULE_DELAY', 5000),
        exportTimeoutMillis: positive('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
        maxQueueSize: positive('OTEL_BSP_MAX_QUEUE_SIZE', 2048),
        maxExportBatchSize: positive('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
      }),
    ],
  });
  const propagator = new W3CTraceContextPropagator();
  const tracer = createOtelTracer(provider.getTracer(SERVICE_NAME, serviceVersion), (headers) =>
    propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter),
  );

  return {
    ...tracer,
    async close() {
      const { promise: isOver, resolve } = Promise.withResolvers<void>();
      const cancel = after(FLUSH_MS, resolve);
      // Failed exports have been logged.
      await Promise.race([provider.shutdown().catch(() => {}), isOver]);
      cancel();
    },
  };
}

/** The SDK's own word on a failed export goes to a global handler, at every batch. */
function telling(exporter: SpanExporter, onError: (error: unknown) => void): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== ExportResultCode.SUCCESS) onError(result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

function positive(name: string, otherwise: number): number {
  const number = getNumberFromEnv(name) ?? otherwise;
  return Number.isSafeInteger(number) && number > 0 ? number : otherwise;
}
