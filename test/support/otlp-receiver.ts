import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** A request as it came in. */
interface ReceivedExport {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export type AttributeValue = string | number | boolean;

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'other';
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly hasFailed: boolean;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, AttributeValue>> }[];
  /** The ids of the spans that it points at. */
  readonly links: readonly string[];
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** Scheme, host and port. */
  readonly url: string;
  readonly exports: readonly ReceivedExport[];
  spans(): readonly ReceivedSpan[];
  /** The one span of this name, and with this attribute. @throws Error when there is none, or more */
  span(name: string, attribute?: readonly [name: string, value: AttributeValue]): ReceivedSpan;
  /** A line per span, its steps below it and further in; in alphabetical order, for several may begin at a time. */
  outline(): string;
  /** Everything that came: paths, headers and bodies. */
  text(): string;
}

type Answer = (response: ServerResponse) => void;

const TAKEN: Answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
/** A collector that takes a request and never answers. */
export const SILENT: Answer = () => {};
/** A collector that wants nothing from us, and is not to be asked again. */
export const REFUSING: Answer = (response) => response.writeHead(401).end('no');

/** The variables of a gateway whose traces go there. */
export function exportTo({ url }: Pick<OtlpReceiver, 'url'>) {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: url };
}

/** A collector of OpenTelemetry's: OTLP over HTTP, decoded from its JSON form. */
export async function startOtlpReceiver(answer: Answer = TAKEN): Promise<OtlpReceiver> {
  const exports: ReceivedExport[] = [];

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request);
    const { headers } = request;
    const body = String(headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes);
    exports.push({ path: `${request.method} ${request.url}`, headers, body });
    answer(response);
  }

  const server = createServer((request, response) => {
    // An exporter that gives up cuts off what it sends.
    receive(request, response).catch(() => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const spans = () => exports.flatMap(({ body }) => spansIn(JSON.parse(body)));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports,
    spans,
    span(name, [attribute, value] = ['', '']) {
      const [span, ...others] = spans().filter(
        (candidate) => candidate.name === name && (attribute === '' || candidate.attributes[attribute] === value),
      );
      if (span && others.length === 0) return span;
      throw new Error(`expected one span "${name}", got ${span ? others.length + 1 : 0} in:\n${outlineOf(spans())}`);
    },
    outline: () => outlineOf(spans()),
    text: () => JSON.stringify(exports),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function outlineOf(spans: readonly ReceivedSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const blocksOf = (siblings: readonly ReceivedSpan[], indent: string): string[] =>
    siblings
      .map(({ name, spanId }) => {
        const steps = spans.filter(({ parentSpanId }) => parentSpanId === spanId);
        return [`${indent}${name}`, ...blocksOf(steps, `${indent}  `)].join('\n');
      })
      .sort();
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId));
  return blocksOf(roots, '').join('\n');
}

/** @see opentelemetry-proto, "trace/v1/trace.proto", in its JSON mapping: ids are hexadecimal, 64-bit integers are strings */
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly KeyValue[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly KeyValue[] }[];
  readonly links: readonly { readonly spanId: string }[];
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const KINDS = ['other', 'internal', 'server', 'client'] as const;
const STATUS_ERROR = 2;

function spansIn({ resourceSpans }: ExportRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: KINDS[span.kind] ?? 'other',
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        traceState: span.traceState,
        hasFailed: span.status.code === STATUS_ERROR,
        attributes: recordOf(span.attributes),
        events: span.events.map(({ name, attributes }) => ({ name, attributes: recordOf(attributes) })),
        links: span.links.map(({ spanId }) => spanId),
        resource: recordOf(resource.attributes),
      })),
    ),
  );
}

function recordOf(attributes: readonly KeyValue[]): Record<string, AttributeValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}

function plain(value: Readonly<Record<string, unknown>>): AttributeValue {
  const [[kind, content] = []] = Object.entries(value);
  return kind === 'intValue' ? Number(content) : (content as AttributeValue);
}
