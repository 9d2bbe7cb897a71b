import type { SpanContext } from '@opentelemetry/api';

/** A value that is undefined is left out. A name without a dot is ours, and is exported under `kol_gateway.`. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A step of a trace. Where nothing is recorded there is no span at all, so that it costs nothing. */
export interface Span {
  /** What others point at. */
  readonly context: SpanContext;
  /** Begins a step within this one; it may outlive it. */
  child(name: string, attributes?: SpanAttributes): Span;
  /** Begins a trace of its own that points at this step; undefined where that one is not to be recorded. */
  detached(name: string, attributes?: SpanAttributes): Span | undefined;
  set(attributes: SpanAttributes): void;
  event(name: string, attributes: SpanAttributes): void;
  /** Points at a step of this trace or of another; at nothing if that one is not recorded. */
  link(other: Pick<Span, 'context'> | undefined): void;
  /** @param errorType a word out of a closed set, never a message */
  fail(errorType: string): void;
  /** To be called once; what comes later is not recorded. */
  end(): void;
}

/** Where traces begin. */
export interface Tracer {
  /**
   * Begins a trace, or continues the caller's.
   *
   * @param headers of the request
   * @returns undefined when the caller or the sampler wants nothing recorded
   * @see W3C Trace Context
   */
  start(name: string, headers: Headers, attributes: SpanAttributes): Span | undefined;
}

/** By their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;
