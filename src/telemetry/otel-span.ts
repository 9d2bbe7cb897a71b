import {
  type Attributes,
  type Context,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { cutText } from './cut-text.ts';
import type { Headers, Span, SpanAttributes, Tracer } from './span.ts';

/** Continues what `readContext` finds in a request's headers. */
export function createOtelTracer(tracer: OtelTracer, readContext: (headers: Headers) => Context): Tracer {
  return {
    start(name, headers, attributes) {
      const options = { kind: SpanKind.SERVER, attributes: exported(attributes) };
      return recorded(tracer, tracer.startSpan(name, options, readContext(headers)));
    },
  };
}

function recorded(tracer: OtelTracer, span: OtelSpan): Span | undefined {
  return span.isRecording() ? wrap(tracer, span) : undefined;
}

function wrap(tracer: OtelTracer, span: OtelSpan): Span {
  const context = span.spanContext();
  return {
    context,
    child(name, attributes) {
      // No span is ever the active one: what is active is kept by hooks that cost something at every promise.
      const within = trace.setSpan(ROOT_CONTEXT, span);
      return wrap(tracer, tracer.startSpan(name, { attributes: exported(attributes) }, within));
    },
    detached(name, attributes) {
      const options = { root: true, links: [{ context }], attributes: exported(attributes) };
      return recorded(tracer, tracer.startSpan(name, options, ROOT_CONTEXT));
    },
    set: (attributes) => void span.setAttributes(exported(attributes)),
    event: (name, attributes) => void span.addEvent(name, exported(attributes)),
    link: (other) => void (other && span.addLink({ context: other.context })),
    fail(errorType) {
      span.setAttribute('error.type', errorType);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: () => span.end(),
  };
}

function exported(attributes: SpanAttributes = {}): Attributes {
  const named: Attributes = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value === undefined) continue;
    named[name.includes('.') ? name : `kol_gateway.${name}`] = typeof value === 'string' ? cutText(value) : value;
  }
  return named;
}
