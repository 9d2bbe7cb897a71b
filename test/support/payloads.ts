import type { GraphResult } from './test-gateway.ts';

/** One payload of an answer that comes in parts, in the form of the 2022 proposal for `@defer` and `@stream`. */
export interface Payload extends GraphResult<Record<string, unknown>> {
  readonly hasNext?: boolean;
  readonly incremental?: readonly (GraphResult<Record<string, unknown>> & {
    readonly items?: readonly unknown[];
    readonly path: readonly (string | number)[];
  })[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The payloads of a multipart or SSE response, each when it arrives. */
export async function* payloadsOf(response: Response): AsyncGenerator<Payload> {
  const isMultipart = response.headers.get('content-type')?.startsWith('multipart/mixed');
  const separator = isMultipart ? '\r\n---' : '\n\n';
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    for (let end = text.indexOf(separator); end >= 0; end = text.indexOf(separator)) {
      const json = /\{.*\}/s.exec(text.slice(0, end))?.[0];
      text = text.slice(end + separator.length);
      if (json !== undefined) yield JSON.parse(json);
    }
  }
}
